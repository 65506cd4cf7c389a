/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/gst.h>
#include <gst/videomeet/vmmediasession.h>

G_BEGIN_DECLS

/*
 * VmFileSocket:
 *
 * A file of a meeting on its way over a WebSocket.
 *
 * Since: 0.1
 */
#define VM_TYPE_FILE_SOCKET (vm_file_socket_get_type ())
G_DECLARE_FINAL_TYPE (VmFileSocket, vm_file_socket, VM, FILE_SOCKET, GObject)

VmFileSocket *vm_file_socket_new (
    VmMediaSession *session, const gchar *base_uri, const gchar *transfer_id);
const gchar *vm_file_socket_get_base_uri (VmFileSocket *self);
gboolean vm_file_socket_send (VmFileSocket *self, const GstStructure *message,
    GBytes *data, GError **error);
void vm_file_socket_close (VmFileSocket *self);

G_END_DECLS
