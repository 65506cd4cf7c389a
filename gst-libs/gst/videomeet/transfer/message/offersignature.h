/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "trust/keys/signature.h"
#include "transfer/message/message.h"

/* The signature of a FILE_OFFER by the device that sends the file
 * (security.md#media-and-messages): of VM_SIGNATURE_FILE_OFFER, with the
 * transfer's id as context, over the transcript
 *
 *   "vm2 file-offer", filename, size, hash ("": none), mime, mtime, encodings,
 *   chunkSize (0: none), device id of the receiver
 *
 * so that it is useless with another receiver. Pure: any thread. */

/* Returns: (transfer full): base64; NULL with VM_ERROR_IDENTITY */
gchar *vm_offer_sign (VmIdentity *identity, const VmTransferMessage *offer,
    const gchar *receiver, GError **error);
/* VM_ERROR_SIGNATURE: it has none, or not that of @spki over this. */
gboolean vm_offer_verify (GBytes *spki, const VmTransferMessage *offer,
    const gchar *receiver, GError **error);
