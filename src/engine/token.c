#include "engine/token.h"
