/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "transfer/sync/sync.h"

/* The messages of one side: sending with a deadline and a rate, a sign of life
 * while nothing else is sent, receiving. Two threads may send. */

/* A side that says nothing else says that it is still there. */
#define VM_SYNC_ALIVE_TIME (10 * G_USEC_PER_SEC)
/* Until the other side takes a message: it may be copying a large file. Whether
 * it is still there at all, receiving finds out sooner. */
#define VM_SYNC_SEND_TIME (600 * G_USEC_PER_SEC)

typedef struct
{
  VmP2pPipe *pipe;
  const VmSyncConfig *config;
  /* The other side knows more than the base protocol. Written with lock held,
   * by the thread of vm_sync_run() only. */
  gboolean extended;
  gint stopped; /* atomic: senders end */
  gboolean again; /* the other side asks for another round */
  guint64 received; /* bytes of messages */
  gint64 heard; /* time of the last message */
  gboolean told; /* why this side ends */

  GMutex lock; /* of what follows */
  GCond changed;
  gboolean ended; /* no more signs of life */
  gboolean manifest_sent;
  gint64 last_sent;
  gint64 paced, paced_in; /* until then the rate is used up, of each way */
  guint64 sent; /* bytes of messages */
  GThread *alive;
} VmSyncSession;

void vm_sync_session_init (
    VmSyncSession *self, VmP2pPipe *pipe, const VmSyncConfig *config);
void vm_sync_session_clear (VmSyncSession *self);

gboolean vm_sync_session_send (VmSyncSession *self, guint8 type,
    gconstpointer head, gsize head_size, GBytes *body, GError **error);
gboolean vm_sync_session_send_text (
    VmSyncSession *self, guint8 type, GString *text, GError **error);
/* The next message that is no sign of life; an ERROR is an error. @timeout: µs.
 * Returns: (transfer full) (nullable) */
GBytes *vm_sync_session_receive (
    VmSyncSession *self, gint64 timeout, guint8 *type, GError **error);
/* Tells the other side why this one ends. */
void vm_sync_session_tell (VmSyncSession *self, const GError *why);
void vm_sync_session_set_extended (VmSyncSession *self, gboolean extended);
void vm_sync_session_mark_manifest (VmSyncSession *self, gboolean sent);
/* Wakes senders that wait for the rate; they fail. */
void vm_sync_session_stop (VmSyncSession *self);
