/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/videomeet/vmtransfermeta.h>
#include <gst/videomeet/vmmediasession.h>

G_BEGIN_DECLS

/*
 * VM_FILE_LANE_CONTROL:
 *
 * The label of the data channel on which everything but chunks travels.
 *
 * Since: 0.1
 */
#define VM_FILE_LANE_CONTROL "file-control"
/*
 * VM_FILE_LANE_DATA:
 *
 * The label of the data channel on which chunks travel.
 *
 * Since: 0.1
 */
#define VM_FILE_LANE_DATA "file"
/*
 * VM_FILE_LANE_BUFFERED_MAX:
 *
 * Bytes that a channel may buffer before it gets no more.
 *
 * Since: 0.1
 */
#define VM_FILE_LANE_BUFFERED_MAX 1048576
/*
 * VM_FILE_LANE_BUFFERED_LOW:
 *
 * Bytes left in the buffer when a channel wants more.
 *
 * Since: 0.1
 */
#define VM_FILE_LANE_BUFFERED_LOW 524288
/*
 * VM_FILE_LANE_WAITING_MAX:
 *
 * Bytes of chunks that wait in front of a channel; beyond, there is no room.
 *
 * Since: 0.1
 */
#define VM_FILE_LANE_WAITING_MAX 1048576
/*
 * VM_FILE_LANE_CONTROL_MAX:
 *
 * Messages that wait in front of the channel for control.
 *
 * Since: 0.1
 */
#define VM_FILE_LANE_CONTROL_MAX 1024
/*
 * VM_FILE_LANE_JSON_CHUNK_MAX:
 *
 * Bytes of a chunk that goes as JSON: its base64 fits into a message.
 *
 * Since: 0.1
 */
#define VM_FILE_LANE_JSON_CHUNK_MAX 32768
/*
 * VM_FILE_LANE_TRANSFERS_MAX:
 *
 * Transfers that one side offers and that are not over.
 *
 * Since: 0.1
 */
#define VM_FILE_LANE_TRANSFERS_MAX 256

/*
 * VmFileLane:
 *
 * The files that go to and come from one peer over its data channels.
 *
 * Since: 0.1
 */
#define VM_TYPE_FILE_LANE (vm_file_lane_get_type ())
G_DECLARE_FINAL_TYPE (VmFileLane, vm_file_lane, VM, FILE_LANE, GObject)

VmFileLane *vm_file_lane_new (void);
gboolean vm_file_lane_has_room (VmFileLane *self);
gboolean vm_file_lane_put (VmFileLane *self, const GstStructure *message,
    GBytes *data, GError **error);
GBytes *vm_file_lane_next (VmFileLane *self, const gchar *label,
    guint64 buffered, gboolean media, gboolean *text);
GstBuffer *vm_file_lane_take (
    VmFileLane *self, GBytes *data, gboolean text, GError **error);
void vm_file_lane_set_session (VmFileLane *self, VmMediaSession *session);
void vm_file_lane_forget (VmFileLane *self, const gchar *transfer_id);
void vm_file_lane_clear (VmFileLane *self);

G_END_DECLS
