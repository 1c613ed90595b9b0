#include "engine/feed.h"
