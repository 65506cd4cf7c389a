/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "ui/output.h"

/* What is on the network when a meeting or a device is not found at once. */

#define VMT_NEARBY_MS 2500 /* from the start of the program */
#define VMT_NEARBY_MAX 10 /* that are listed */

/* A meeting that is announced. */
typedef struct
{
  const gchar *meeting;
  const gchar *user, *device; /* or NULL */
} VmtNearby;

/* Says which meetings there are, and which of them @name was probably meant to
 * be; nothing if it is there. @has_pin: it is looked for with one. @found: of
 * VmtNearby; gets sorted. */
void vmt_nearby_tell (
    VmtOutput *output, const gchar *name, gboolean has_pin, GArray *found);

/* A device that was found. */
typedef struct
{
  const gchar *user, *device; /* or NULL */
  const gchar *id;
} VmtNearbyDevice;

/* The same for devices. @found: of VmtNearbyDevice, one of which may be there
 * several times; gets sorted. */
void
vmt_nearby_tell_devices (VmtOutput *output, const gchar *name, GArray *found);
