/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/videomeet/transfer/sync/sync.h>

/* Two folders on disk and a stream in memory between them. Side 0 is the
 * requester. */

/* A stream that is cut after so many messages of this end. */
typedef struct
{
  VmP2pPipe pipe;
  VmP2pPipe *inner;
  gint left; /* atomic; below 0: any number */
  guint64 bytes; /* of all that was sent */
} SyncCut;

typedef struct
{
  SyncCut cut;
  guint side;
  gboolean ok;
  GError *error;
  GThread *thread;
} SyncSide;

extern gchar *sync_top, *sync_folders[2], *sync_state;
extern VmSyncConfig sync_configs[2];
extern SyncSide sync_sides[2];
/* Called on the thread of a side before it begins; or NULL. */
extern void (*sync_hinder[2]) (void);

/* The fixture. */
void sync_pair_make (void);
void sync_pair_drop (void);

/* @after: messages of side 0 until the stream is cut; -1: it is not. */
void sync_pair_begin (gint after);
void sync_pair_end (void);
/* Both. */
void sync_pair_run (gint after);
/* Both sides end well, or with VM_ERROR @code. */
void sync_both (void);
void sync_fails_with (gint code);

/* Returns: (transfer full) */
gchar *sync_path_of (guint side, const gchar *name);
void
sync_write_bytes (guint side, const gchar *name, const void *data, gsize size);
void sync_write (guint side, const gchar *name, const gchar *text);
void sync_has (guint side, const gchar *name, const gchar *text);
gboolean sync_is_there (guint side, const gchar *name);
void sync_take_away (guint side, const gchar *name);
