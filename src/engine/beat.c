#include "engine/beat.h"
