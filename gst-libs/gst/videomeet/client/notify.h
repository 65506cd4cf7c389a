/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/* Sends notifications to a Gotify server (https://gotify.net, POST /message;
 * protocol/mesh.md#notifications). It has a thread of its own, "vm-notify", so
 * that callers never wait. One message is sent at a time; messages of one event
 * keep their order, and events take turns, so that a flood of one does not
 * delay the others. A failed message is sent again, after longer and longer
 * pauses. Any thread. */

/* Waiting messages of one event, besides the one being sent; beyond, the oldest
 * are dropped. */
#define VM_NOTIFY_QUEUE_MAX 64
/* Messages that one user causes: a burst, then one in each interval; more are
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

/* Its name in the mesh dialect, "call.missed". */
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
  guint64 refused; /* refused by the server, and not sent again */
  guint64 dropped; /* because there were too many */
} VmNotifyCounts;

/* @url: of the Gotify server, https://, or http:// on this machine. @key: of
 * one of its applications. @times NULL: the defaults. VM_ERROR_BAD_REQUEST; the
 * message does not contain the key. */
VmNotify *vm_notify_new (const gchar *url, const gchar *key,
    const VmNotifyTimes *times, GError **error);
/* Drops waiting messages. */
void vm_notify_free (VmNotify *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VmNotify, vm_notify_free)

/* Does nothing where @self is NULL. @by: the server's id of the user who causes
 * it. @other is NULL where the event has none. */
void vm_notify_push (VmNotify *self, VmNotifyEvent event, const gchar *by,
    const gchar *who, const gchar *other);
void vm_notify_count (VmNotify *self, VmNotifyCounts *counts);
