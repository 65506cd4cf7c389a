/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/* Tells a Gotify server (https://gotify.net, POST /message) what happens here
 * (protocol/mesh.md#notifications). It has a thread of its own, "vm-notify":
 * whoever notifies never waits. One message is on its way at a time; those of
 * an event in the order they came, and the events in turn, so that none waits
 * for another's flood. What cannot be delivered is tried again, after ever
 * longer pauses. Any thread. */

/* That wait of an event, besides the one on its way; of more the oldest are
 * dropped. */
#define VM_NOTIFY_QUEUE_MAX 64
/* Messages that one user causes: so many, then one in so long; more are
 * dropped. */
#define VM_NOTIFY_USER_BURST 16
#define VM_NOTIFY_USER_TIME (10 * 1000) /* ms */
#define VM_NOTIFY_KEY_MAX 256 /* bytes; those of Gotify have 15 */

typedef enum
{
  VM_NOTIFY_CHAT, /* who: has written */
  VM_NOTIFY_CALL_MISSED, /* who: was called; other: the caller */
  VM_NOTIFY_SHARE_COMPLETED, /* who: the user; other: its device */
  VM_NOTIFY_TERMINAL_STARTED, /* likewise */
  VM_NOTIFY_AGENT_OFFLINE, /* likewise */
  VM_NOTIFY_N_EVENTS
} VmNotifyEvent;

/* As the mesh dialect calls it, "call.missed". */
const gchar *vm_notify_event_to_string (VmNotifyEvent event);

typedef struct _VmNotify VmNotify;

/* ms: for one message to be taken; until it is tried again, at first, and at
 * most, each pause being twice the last one; and VM_NOTIFY_USER_TIME, 0: no
 * user is held back. */
typedef struct
{
  guint exchange, pause, pause_max, user;
} VmNotifyTimes;

typedef struct
{
  guint64 sent;
  guint64 refused; /* not wanted, and not tried again */
  guint64 dropped; /* for there were too many */
} VmNotifyCounts;

/* @url: where the Gotify server is, https://, or http:// on this machine. @key:
 * of an application of it. @times NULL: the usual ones. VM_ERROR_BAD_REQUEST,
 * with words that do not have the key. */
VmNotify *vm_notify_new (const gchar *url, const gchar *key,
    const VmNotifyTimes *times, GError **error);
/* What waits is dropped. */
void vm_notify_free (VmNotify *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VmNotify, vm_notify_free)

/* Does nothing where @self is NULL. @by: the user who causes it, as the server
 * tells users apart. @other is NULL where the event has none. */
void vm_notify_push (VmNotify *self, VmNotifyEvent event, const gchar *by,
    const gchar *who, const gchar *other);
void vm_notify_count (VmNotify *self, VmNotifyCounts *counts);
