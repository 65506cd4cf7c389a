/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "wire/p2p/p2p.h"

#include <gst/videomeet/vmerror.h>

/* Takes a stream apart into its messages (protocol/agents.md#stream), however
 * it arrives in pieces. Sans-I/O. */

/* The type under which a greeting is popped; no message has it. */
#define VM_P2P_GREETING 0
#define VM_P2P_LENGTH_SIZE 4 /* bytes */

typedef struct _VmP2pReader VmP2pReader;

/* @greeting: a length and JSON come first (protocol/agents.md#hello). */
VmP2pReader *vm_p2p_reader_new (gboolean greeting);
void vm_p2p_reader_free (VmP2pReader *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VmP2pReader, vm_p2p_reader_free)

/* VM_ERROR_BAD_MESSAGE: a body or a greeting that is too large, or a message
 * of type 0; what was whole before can be popped, and nothing more is taken. */
gboolean vm_p2p_reader_take (
    VmP2pReader *self, const guint8 *data, gsize size, GError **error);
/* The next whole message; NULL: none yet. Returns: (transfer full) */
GBytes *vm_p2p_reader_pop (VmP2pReader *self, guint8 *type);
/* Whether the stream may end here: no message is half read. */
gboolean vm_p2p_reader_is_between (const VmP2pReader *self);

/* What a message takes on a stream. */
gsize vm_p2p_message_size (guint8 type, gsize body_size);
/* The bytes before a body. */
void vm_p2p_header_write (
    guint8 header[VM_P2P_HEADER_SIZE], guint8 type, guint32 body_size);
