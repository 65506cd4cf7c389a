/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "transfer/engine/pacer.h"
#include <gst/videomeet/vmfilesender.h>

/* One attempt to send one file to one device, on a thread of its own, which the
 * disk and the network may block. Its news are kept until the owner takes them.
 * Call all functions in the owner's context. */

/* News not taken yet; beyond, the oldest are dropped. */
#define VM_FILE_ATTEMPT_NEWS_MAX 32

typedef struct _VmFileAttempt VmFileAttempt;

/* There is news to take, or the attempt is over. It may be freed from here. */
typedef void (*VmFileAttemptFunc) (VmFileAttempt *self, gpointer user_data);

typedef struct
{
  const gchar *location;
  VmIdentity *identity;
  const gchar *const *base_uris; /* of the device; at least one */
  const gchar *key_hash; /* or NULL */
  const gchar *user; /* or NULL */
  guint64 max_bitrate; /* bits/s; 0: any */
  VmPacer *pacer; /* shared by its owner's attempts; lives longer */
  gint64 lost_time; /* µs; 0: VM_LANES_LOST_TIME */
  GMainContext *context;
  VmFileAttemptFunc func;
  gpointer user_data;
} VmFileAttemptConfig;

VmFileAttempt *vm_file_attempt_new (const VmFileAttemptConfig *config);
/* Interrupts the attempt; waits for the thread, and so for the disk. */
void vm_file_attempt_free (VmFileAttempt *self);

void vm_file_attempt_set_max_bitrate (VmFileAttempt *self, guint64 max_bitrate);
/* The receiver keeps nothing. */
void vm_file_attempt_cancel (VmFileAttempt *self);
/* The receiver keeps its chunks; G_IO_ERROR_CANCELLED. */
void vm_file_attempt_interrupt (VmFileAttempt *self);

/* As of VmFileSender::changed, the oldest first; NULL: none. Returns: (transfer
 * full) */
GstStructure *vm_file_attempt_next_news (VmFileAttempt *self);
/* FALSE while it goes on. *@error (transfer full): why it failed; NULL: the
 * device has verified the file. */
gboolean vm_file_attempt_is_over (VmFileAttempt *self, GError **error);
/* After the end: the key that was required, or that answered; or NULL. */
const gchar *vm_file_attempt_get_key_hash (VmFileAttempt *self);
