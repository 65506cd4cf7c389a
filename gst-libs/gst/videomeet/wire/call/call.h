/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "wire/signal.h"

/* Calls between two users: the messages of protocol/calls.md#call-messages, and
 * what protocol/calls.md adds to them: register, registered, call-end,
 * call-failed, users, error, `fromId`, the `callId` of candidates, and the call
 * that a register continues. A forwarded message keeps its form. Sans-I/O. */

#define VM_CALL_ID_MAX VM_SIGNAL_ID_MAX /* bytes of a callId; a uuid has 36 */
#define VM_CALL_NAME_MAX VM_SIGNAL_NAME_MAX /* bytes of a user's id or name */

typedef enum
{
  VM_CALL_REGISTER,
  VM_CALL_REGISTERED,
  VM_CALL_OFFER,
  VM_CALL_ANSWER,
  VM_CALL_CANDIDATE,
  VM_CALL_REJECT,
  VM_CALL_END,
  VM_CALL_FAILED,
  VM_CALL_ERROR,
  VM_CALL_USERS,
  VM_CALL_N_TYPES
} VmCallMessageType;

/* Why a call did not come about. */
typedef enum
{
  VM_CALL_REASON_OFFLINE,
  VM_CALL_REASON_BUSY,
  VM_CALL_REASON_TIMEOUT,
  VM_CALL_N_REASONS
} VmCallReason;

typedef enum
{
  VM_CALL_SIDE_SERVER,
  VM_CALL_SIDE_CLIENT,
} VmCallSide;

/* A message. A string is NULL where the type has no such field, or the message
 * left it out. */
typedef struct
{
  VmCallMessageType type;
  gchar *to; /* toId; of register: the other user of the continued call */
  gchar *from; /* fromId, which the server stamps */
  gchar *call_id; /* optional with candidates; of register: likewise */
  gchar *user_id; /* of register and registered */
  gchar *username; /* of these, and fromUsername of an offer */
  VmIceGrant ice; /* of registered; without `uris`: none */
  VmCallType call_type; /* of an offer */
  VmSignal
      *media; /* of an offer, an answer or a candidate: what it describes */
  VmCallReason reason; /* of call-failed */
  gboolean busy; /* of call-reject: the user was not asked, being in a call */
  gchar *code, *text; /* of an error */
  GPtrArray *users; /* of users, to a client: of VmCallPerson; or NULL */
  guint more; /* of users: that are not among them */
} VmCallMessage;

/* A user that can be called. */
typedef struct
{
  gchar *id, *name;
  gboolean busy; /* in a call that rings or goes on */
} VmCallPerson;

VmCallPerson *
vm_call_person_new (const gchar *id, const gchar *name, gboolean busy);
void vm_call_person_free (gpointer person);

VmCallMessage *vm_call_message_new (VmCallMessageType type);
VmCallMessage *vm_call_message_new_error (const GError *error);
void vm_call_message_free (VmCallMessage *message);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VmCallMessage, vm_call_message_free)

/* A message that the @side of a connection received; NULL with
 * VM_ERROR_BAD_MESSAGE. */
VmCallMessage *
vm_call_message_parse (VmCallSide side, GBytes *bytes, GError **error);
GBytes *vm_call_message_format (const VmCallMessage *message);

/* Whether a client with this first message wants calls and not rooms. */
gboolean vm_call_is_first (GBytes *bytes);

const gchar *vm_call_message_type_to_string (VmCallMessageType type);
const gchar *vm_call_reason_to_string (VmCallReason reason);
