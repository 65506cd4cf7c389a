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
  gboolean calls; /* this side does */
  gboolean offered;
  gboolean answered;
  gchar *owed_id, *owed_to; /* a call whose end is still to be said, or NULL */
  VmCallMessage *ringing; /* the offer that waits for the user, or NULL */
  GPtrArray *candidates; /* of VmCallMessage: of that */
  GBytes *refusal; /* of another offer, which is still to be said; or NULL */
} VmCallClient;

/* The other of the call, or NULL. */
VmRoomPeer *vm_call_client_other (VmCallClient *state);
/* The end of the call, or NULL where nothing has been said of it. */
VmCallMessage *vm_call_client_write_bye (VmCallClient *state);
GBytes *vm_call_client_format (gpointer state, const VmSignal *signal);
