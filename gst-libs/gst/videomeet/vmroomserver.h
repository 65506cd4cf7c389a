/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/videomeet/vmidentity.h>
#include <gst/videomeet/vmapi.h>

G_BEGIN_DECLS

/**
 * VmRoomServer:
 *
 * A signalling server for rooms without a host.
 *
 * Since: 0.1
 */
#define VM_TYPE_ROOM_SERVER (vm_room_server_get_type ())
VM_API G_DECLARE_FINAL_TYPE (VmRoomServer, vm_room_server, VM, ROOM_SERVER,
    GObject)

VM_API VmRoomServer *vm_room_server_new (VmIdentity *identity);
VM_API gboolean vm_room_server_start (VmRoomServer *self, GError **error);
VM_API guint vm_room_server_get_port (VmRoomServer *self);
VM_API gboolean vm_room_server_get_secure (VmRoomServer *self);
VM_API void vm_room_server_drain (VmRoomServer *self);
VM_API void vm_room_server_stop (VmRoomServer *self);

G_END_DECLS
