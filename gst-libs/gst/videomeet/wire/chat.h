/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/videomeet/vmchatmessage.h>
#include "base/rates.h"
#include "wire/signal.h"

/* The data channel `chat`, and its history. Sans-I/O.
 *
 * A message is `{"type":"chat","id","text","time"}`, with `"private":true` when
 * it is for one participant alone; anything else is plain text, as pages of
 * other makers send it (protocol/meeting.md#chat). The host sends newcomers the
 * history:
 * `{"type":"chat-history","messages":[{"id","from","user","text","time"}…]}`.
 */

#define VM_CHAT_HISTORY_MAX 100 /* messages */
#define VM_CHAT_HISTORY_BYTES (48 * 1024) /* of the history message */
#define VM_CHAT_KNOWN_MAX 512 /* ids remembered, to drop repeats */
/* From one participant; beyond, dropped. */
#define VM_CHAT_RATE 10 /* messages a second */
#define VM_CHAT_BURST 50
/* Kept for one participant until its channel opens; beyond, the oldest are
 * dropped. They are then sent all at once, and must leave room in the burst for
 * the next messages. */
#define VM_CHAT_UNSENT_MAX (VM_CHAT_BURST / 2)
/* What a channel has taken may be lost with its connection. The newest of what
 * was said so long ago at most is said again on the next one, before what is
 * unsent, and with that no more than so many; who has heard it knows its id. */
#define VM_CHAT_AGAIN_MAX VM_CHAT_UNSENT_MAX
#define VM_CHAT_AGAIN_TIME (60 * G_USEC_PER_SEC)
/* Messages to one participant that it has not acknowledged yet; of more, the
 * oldest counts as not delivered. That many are said within a deadline of
 * leaving. */
#define VM_CHAT_SENT_MAX (2 * VM_CHAT_BURST)

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

/* Whether @text can be sent: 1 to VM_SIGNAL_CHAT_MAX bytes of lines. */
gboolean vm_chat_check_text (const gchar *text, GError **error);
/* A time as it is written, and back; NULL when @text is no time. */
gchar *vm_chat_format_time (GDateTime *time);
GDateTime *vm_chat_parse_time (const gchar *text);

gchar *vm_chat_format (VmChatMessage *message);

/* A text received on a channel. */
typedef struct
{
  GPtrArray *messages; /* of VmChatMessage, oldest first */
  gboolean history;
  gboolean plain; /* its sender does not speak JSON */
} VmChatInput;

/* @from and @user: the owner of the channel. @now: for messages without a time.
 * FALSE with VM_ERROR_BAD_MESSAGE when a message in it is not allowed. */
gboolean vm_chat_parse (VmChatInput *input, const gchar *text,
    const gchar *from, const gchar *user, GDateTime *now, GError **error);
void vm_chat_input_clear (VmChatInput *input);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (VmChatInput, vm_chat_input_clear)

/* The newest messages to everybody. */
typedef struct _VmChatLog VmChatLog;

VmChatLog *vm_chat_log_new (void);
void vm_chat_log_free (VmChatLog *log);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VmChatLog, vm_chat_log_free)
/* FALSE: it is known already. Of a message for one participant alone the log
 * remembers only the id. */
gboolean vm_chat_log_add (VmChatLog *log, VmChatMessage *message);
/* Oldest first; transfer full. */
GList *vm_chat_log_list (VmChatLog *log);
/* `chat-history`; NULL when there are no messages. */
gchar *vm_chat_log_format (VmChatLog *log);

/* The chat rate of one participant; all zero at the start. */
typedef VmRate VmChatRate;

/* Whether one more message is allowed. @now: monotonic, µs. */
gboolean vm_chat_rate_take (VmChatRate *rate, gint64 now);
