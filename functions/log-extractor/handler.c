/* Stands in for the function until it is written. */
#include "summary.h"
