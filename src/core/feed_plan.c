#include "core/feed_plan.h"
