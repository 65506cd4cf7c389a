/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/gst.h>
#include "transfer/message/message.h"

/* The messages of message.h as structures, the form that passes between
 * elements: named as the message, with a field for each of its present fields.
 * Texts, hashes (hex) and words are strings, numbers and times int64, accept a
 * boolean, encodings a GStrv, have a GstValueArray of uint64. A chunk's bytes
 * are beside the structure, in a buffer. Pure. */

/* Returns: (transfer full): without the data */
GstStructure *vm_transfer_message_to_structure (const VmTransferMessage *self);
/* As vmfilesrc pushes it: the structure in a VmTransferMeta, the bytes of a
 * chunk in the buffer. @lane: a constant, or NULL. Returns: (transfer full) */
GstBuffer *vm_transfer_message_to_buffer (
    const VmTransferMessage *self, const gchar *lane);
/* As strict as vm_transfer_message_read(); VM_ERROR_BAD_MESSAGE. @data: of
 * CHUNK_DATA, at most VM_CHUNK_SIZE_MAX bytes; else NULL. */
VmTransferMessage *vm_transfer_message_from_structure (
    const GstStructure *s, GBytes *data, GError **error);
