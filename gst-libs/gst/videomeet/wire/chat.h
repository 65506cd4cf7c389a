/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/videomeet/vmchatmessage.h>
#include "wire/signal.h"

/* The data channel `chat`, and what is kept of it. Sans-I/O.
 *
 * A message is `{"type":"chat","id","text","time"}`, with `"private":true` when
 * it is for one participant alone; anything else is plain text, as pages of
 * other makers send it (protocol/meeting.md#chat). The host tells newcomers
 * what was said:
 * `{"type":"chat-history","messages":[{"id","from","user","text","time"}…]}`.
 */

#define VM_CHAT_HISTORY_MAX 100 /* messages */
#define VM_CHAT_HISTORY_BYTES (48 * 1024) /* of the message that tells them */
#define VM_CHAT_KNOWN_MAX 512 /* ids remembered, so that none is told twice */
/* From one participant; beyond, dropped. */
#define VM_CHAT_RATE 10 /* messages a second */
#define VM_CHAT_BURST 50
/* To one participant, until its channel is open; beyond, the oldest go. They
 * come at once then, and what is said next is to be heard as well. */
#define VM_CHAT_UNSENT_MAX (VM_CHAT_BURST / 2)

typedef struct
{
  const gchar *id;
  const gchar *from;
  const gchar *user;
  const gchar *text;
  GDateTime *time;
  gboolean confidential;
  gboolean old;
} VmChatFields;

VmChatMessage *vm_chat_message_new (const VmChatFields *fields);

/* Whether that can be said: 1 to VM_SIGNAL_CHAT_MAX bytes of lines. */
gboolean vm_chat_check_text (const gchar *text, GError **error);
/* A time as it is written, and back; NULL when @text is none. */
gchar *vm_chat_format_time (GDateTime *time);
GDateTime *vm_chat_parse_time (const gchar *text);

gchar *vm_chat_format (VmChatMessage *message);

/* What came on a channel. */
typedef struct
{
  GPtrArray *messages; /* of VmChatMessage, oldest first */
  gboolean history;
  gboolean plain; /* its sender does not speak JSON */
} VmChatInput;

/* @from and @user: whose channel it is. @now: for what tells no time. FALSE
 * with VM_ERROR_BAD_MESSAGE when it holds what cannot be said. */
gboolean vm_chat_parse (VmChatInput *input, const gchar *text,
    const gchar *from, const gchar *user, GDateTime *now, GError **error);
void vm_chat_input_clear (VmChatInput *input);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (VmChatInput, vm_chat_input_clear)

/* What was said to everybody, the newest of it. */
typedef struct _VmChatLog VmChatLog;

VmChatLog *vm_chat_log_new (void);
void vm_chat_log_free (VmChatLog *log);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VmChatLog, vm_chat_log_free)
/* FALSE: it was there already. One for one participant alone is known from then
 * on, and not kept. */
gboolean vm_chat_log_add (VmChatLog *log, VmChatMessage *message);
/* Oldest first; transfer full. */
GList *vm_chat_log_list (VmChatLog *log);
/* `chat-history`; NULL when nothing was said. */
gchar *vm_chat_log_format (VmChatLog *log);

/* How fast one participant speaks; all zero at the start. */
typedef struct
{
  gint64 at; /* µs */
  gdouble spent;
} VmChatRate;

/* Whether one more is heard. @now: monotonic, µs. */
gboolean vm_chat_rate_take (VmChatRate *rate, gint64 now);
