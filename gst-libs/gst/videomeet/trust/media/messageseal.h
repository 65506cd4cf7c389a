/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "trust/media/messagekeys.h"

/* A message of the data channel `chat` between two devices that know each
 * other's keys: `{"seq":N,"mac":"…"}`, exactly so, followed at once by the
 * message, which is any text. Pure. */

#define VM_MESSAGE_SEAL_MAX 77 /* bytes more: N has 16 digits at most */

/* The next message of this side. */
gchar *vm_message_seal (VmMessageKeys *keys, const gchar *text);
/* The message in @text, any received text. VM_ERROR_BAD_MESSAGE: nothing
 * authenticates it; VM_ERROR_SIGNATURE: as vm_message_keys_verify(). */
gchar *vm_message_open (VmMessageKeys *keys, const gchar *text, GError **error);
