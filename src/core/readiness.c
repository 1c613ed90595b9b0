#include "core/readiness.h"
