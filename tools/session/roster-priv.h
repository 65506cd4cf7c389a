/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "session/roster.h"

/* What roster.c and roster-report.c share. */

typedef struct
{
  gchar *id, *user, *device, *device_id;
  gchar *state, *path, *trust, *voucher;
  gchar *origin, *via; /* where it is, and the id of who passes it on */
  gchar *status;
  gboolean host, present, removed;
  gboolean audio_muted, video_muted, hand, detached;
  gboolean same, different; /* digits, as one of the two has found */
  gint64 joined_us, left_us; /* monotonic; 0 when it has not happened */
  VmtCounter *counter;
  GPtrArray *records, *lost_records;
  GstStructure *stats;
  gint64 told_until; /* µs; when more is told, less what may be at once */
  GstStructure *untold[VMT_N_TELLS]; /* the latest, or NULL */
} VmtRosterEntry;

struct _VmtRoster
{
  GMutex lock; /* protects what follows */
  gint64 start_us; /* monotonic */
  gchar *self_id;
  gdouble own_level; /* dBFS, of what this device sends */
  gboolean own_level_known;
  GPtrArray *participants; /* in the order they were heard of */
};
