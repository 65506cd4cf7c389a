/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "server/protocols.h"
#include "server/dialect/call/callguest.h"
#include "server/dialect/mesh/mesh.h"
#include "server/dialect/native/guest.h"
#include "server/dialect/room/roomsocket.h"
#include "server/dialect/sfu/sfu.h"
#include "server/dialect/socketio/session.h"
#include "server/dialect/transfer/transfer.h"

/* Where two have a path, the first that takes the URL has it: a call is at "/"
 * as a room is. */
const VmServerProtocol *const vm_server_protocols[] = {
  &vm_protocol_native,
  &vm_protocol_call,
  &vm_protocol_room,
  &vm_protocol_mesh,
  &vm_protocol_transfer,
  &vm_protocol_sfu,
  &vm_protocol_socketio,
  NULL,
};
