/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "wire/dialect.h"

/* One end of a native conversation, which may outlive its socket
 * (protocol/signalling.md#resume): it numbers each sent message, keeps it until
 * the other end acknowledges it, and never delivers a message twice. Sans-I/O.
 */

/* Messages kept; beyond, the oldest is dropped and a resume that needs it
 * fails; protocol/signalling.md#resume. */
#define VM_LINE_MESSAGES 256
#define VM_LINE_BYTES (1024 * 1024)
/* Messages received before a separate `ack` is sent when nothing else is: well
 * below what the other end keeps. */
#define VM_LINE_ACK_MESSAGES 32
#define VM_LINE_ACK_BYTES (128 * 1024)

typedef struct _VmLine VmLine;

VmLine *vm_line_new (const VmDialect *dialect);
void vm_line_free (VmLine *line);
/* Its numbers and kept messages, to continue in another process, for a dialect
 * that has numbers. Returns: floating, of type VM_LINE_SAVED */
#define VM_LINE_SAVED "(xxxa(xay))"
GVariant *vm_line_save (VmLine *line);
VmLine *vm_line_restore (const VmDialect *dialect, GVariant *saved);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VmLine, vm_line_free)

/* What the dialect remembers of this connection. */
gpointer vm_line_get_state (VmLine *line);

/* A message to send, numbered and kept. NULL when the dialect has none. */
GBytes *vm_line_format (VmLine *line, const VmSignal *signal);

/* A message as received. NULL with @error when it cannot be read; NULL without
 * @error when it is a repeat, or is for the line alone. */
VmSignal *vm_line_parse (VmLine *line, GBytes *message, GError **error);

/* The further signals in the message received last, and the replies to it; each
 * until NULL. */
VmSignal *vm_line_more (VmLine *line);
GBytes *vm_line_reply (VmLine *line);

/* The highest number received. */
gint64 vm_line_get_received (VmLine *line);
/* Whether messages are missing before the last one received. */
gboolean vm_line_has_gap (VmLine *line);
/* Whether an `ack` is due. */
gboolean vm_line_wants_ack (VmLine *line);
/* Whether any received message is not acknowledged. */
gboolean vm_line_owes_ack (VmLine *line);

/* The other end has received everything up to @last_seq. Returns the later
 * messages, to be sent again unchanged; NULL with VM_ERROR_RESUME_FAILED when
 * they are no longer kept, or @last_seq was never sent. */
GPtrArray *vm_line_resume (VmLine *line, gint64 last_seq, GError **error);
