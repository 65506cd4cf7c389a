/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "server/dialect/transfer/fileinlet-priv.h"
#include "server/dialect/transfer/transfer.h"
#include "server/dialect/transfer/transfers.h"
#include "server/server-priv.h"
#include "server/socket/ws.h"
#include "transfer/message/frame.h"

/* Shared by transfer.c and transfersocket.c. */

/* Files over WebSockets at one server. On vm-net. */
typedef struct
{
  VmServer *server;
  VmTransfers *tickets;
  GHashTable *sockets; /* vm_transfer_key() -> VmWs */
  gint64 checked; /* when their permissions were last checked */
  GHashTable *inlets; /* vm_transfer_key() -> VmFileInlet, of meetings */
  VmFileReceiver *receiver; /* or NULL: no files are taken */
} VmTransferServer;

/* The server's state of one transfer; owned by its socket. */
typedef struct
{
  gchar *device_id;
  gchar *id; /* of the transfer */
  gchar *key; /* of both */
  VmFileInlet *inlet; /* of a meeting; NULL: the receiver's */
  VmFrameJoiner *joiner;
  gboolean known; /* the device: no stranger */
  gboolean accepted; /* it holds one of the receiver's places */
  gboolean ended; /* by its sender, who gets no answer then */
} VmTransferGuest;

/* transfer.c */
VmTransferServer *vm_transfer_server_of (VmServer *server);
/* @known: (out) (optional): whether it is no stranger. */
gboolean vm_transfer_may_send (
    VmServer *self, const gchar *device_id, gboolean *known, GError **error);
/* The device id of the sender, who must show a key: the user is asked about it,
 * and a resume needs it. Returns: (transfer full) */
gchar *vm_transfer_admit (VmConn *conn, GError **error);

/* transfersocket.c */
VmTransferGuest *vm_transfer_guest_of (VmWs *ws);
gboolean vm_transfer_upgrade (VmConn *conn, GError **error);
