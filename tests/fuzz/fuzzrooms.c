/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "fuzzrooms.h"

#include <string.h>

void
fuzz_rooms_changed (VmRoom *room, gpointer next)
{
}

void
fuzz_rooms_random (guint8 *bytes, gsize size, gpointer next)
{
  memset (bytes, ++*(guint8 *) next, size);
}
