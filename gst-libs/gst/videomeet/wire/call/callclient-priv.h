/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "wire/call/callclient.h"
#include "wire/room/roomwire.h"

typedef struct
{
  gchar *own, *name;
  guint callers, called; /* so far */
  VmRoomPeers *peers; /* the other of the call, if there is one */
  gchar *call_id;
  VmCallType call_type;
  gboolean calls; /* this side is the caller */
  gboolean offered;
  gboolean answered;
  gchar *owed_id, *owed_to; /* a call whose end is not sent yet, or NULL */
  VmCallMessage *ringing; /* the offer that waits for the user, or NULL */
  GPtrArray *candidates; /* of VmCallMessage: of the ringing call */
  GBytes *refusal; /* of another offer, not sent yet; or NULL */
} VmCallClient;

/* The other of the call, or NULL. */
VmRoomPeer *vm_call_client_other (VmCallClient *state);
/* The message that ends the call, or NULL where it was never announced. */
VmCallMessage *vm_call_client_write_bye (VmCallClient *state);
GBytes *vm_call_client_format (gpointer state, const VmSignal *signal);
