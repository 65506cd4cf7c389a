/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/videomeet/vmerror.h>

/* The first words of a connection (protocol/agents.md#hello): a u32 length and
 * JSON, on the first stream before its messages. Sans-I/O. */

#define VM_P2P_HELLO_MAX 4096 /* bytes of JSON */
#define VM_P2P_HELLO_TIME (5 * G_USEC_PER_SEC)
#define VM_P2P_SESSION_ID_MAX 64 /* bytes */
#define VM_P2P_TOKEN_MAX 256 /* bytes */
#define VM_P2P_DEVICE_ID_MAX 64 /* bytes */
#define VM_P2P_REASON_MAX 1024 /* bytes of a denial's message */

typedef struct
{
  gchar *session_id;
  gchar *session_token;
  gchar *from_device_id;
} VmP2pHello;

void vm_p2p_hello_free (VmP2pHello *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VmP2pHello, vm_p2p_hello_free)

/* JSON without the length. */
GBytes *vm_p2p_hello_write (const VmP2pHello *self);
GBytes *vm_p2p_ok_write (void);
/* The code of @why and its message, cut to VM_P2P_REASON_MAX. */
GBytes *vm_p2p_deny_write (const GError *why);

/* VM_ERROR_BAD_MESSAGE: no hello, a member that is absent, empty or too long;
 * VM_ERROR_TOO_LARGE: more than VM_P2P_HELLO_MAX. */
VmP2pHello *vm_p2p_hello_read (GBytes *text, GError **error);
/* TRUE: P2P_OK; a P2P_DENY is an error with its code and message. */
gboolean vm_p2p_answer_read (GBytes *text, GError **error);
