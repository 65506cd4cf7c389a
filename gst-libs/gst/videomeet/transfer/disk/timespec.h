/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

#include <time.h>

/* @time in parts of a second, @per_second of them; what is more than @max of
 * them before or after 1970 counts as @max. Pure; any thread. */
static inline gint64
vm_timespec_count (struct timespec time, gint64 per_second, gint64 max)
{
  if (time.tv_sec >= max / per_second)
    return max;
  if (time.tv_sec < -max / per_second)
    return -max;
  return time.tv_sec * per_second + time.tv_nsec / (1000000000 / per_second);
}
