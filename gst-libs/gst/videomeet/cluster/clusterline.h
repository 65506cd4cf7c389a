/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Messages between two nodes, delivered once and in order over a transport that
 * may lose, repeat and interrupt: unacknowledged messages are sent again, and
 * messages out of order are dropped. Delivered messages are acknowledged at
 * once: otherwise they would be repeated to a participant that returns at
 * another server and has them already. Sans-I/O; `now` is monotonic, µs. */

/* Messages that wait for the other node; beyond, the oldest is dropped: a room
 * that sends so much in half a minute exceeds its own limits. */
#define VM_CLUSTER_LINE_MESSAGES 4096
#define VM_CLUSTER_LINE_BYTES (16 * 1024 * 1024)
/* After this time without a frame of the other node, waiting messages are sent
 * again. */
#define VM_CLUSTER_LINE_AGAIN_TIME (2 * G_USEC_PER_SEC)
/* The largest believable gap in the other node's numbers (messages that it
 * dropped); beyond, its numbers must begin again. */
#define VM_CLUSTER_LINE_JUMP_MAX (64 * 1024)
/* Messages sent again at once. */
#define VM_CLUSTER_LINE_AGAIN_MAX 256

typedef struct _VmClusterLine VmClusterLine;

/* Sends one frame to the other node. May not call the line. */
typedef void (*VmClusterLineSend) (GBytes *frame, gpointer user_data);
/* Delivers one message of the other node. */
typedef void (*VmClusterLineHear) (GBytes *message, gpointer user_data);

/* @node: this one's name, in each frame. */
VmClusterLine *vm_cluster_line_new (
    const gchar *node, gint64 now, VmClusterLineSend send, gpointer user_data);
void vm_cluster_line_free (VmClusterLine *line);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VmClusterLine, vm_cluster_line_free)

void vm_cluster_line_say (VmClusterLine *line, GBytes *message, gint64 now);
/* The node that sent the frame, or NULL: it is invalid. Returns: (transfer
 * full) */
gchar *vm_cluster_line_get_node (GBytes *frame);
/* Takes a frame of the other node; @hear may not free the line. */
void vm_cluster_line_take (VmClusterLine *line, GBytes *frame,
    VmClusterLineHear hear, gpointer user_data, gint64 now);
/* The transport was interrupted. */
void vm_cluster_line_again (VmClusterLine *line, gint64 now);
/* To be called several times a second. */
void vm_cluster_line_tick (VmClusterLine *line, gint64 now);
/* The messages that wait for the other node, oldest first. Returns: (transfer
 * container) */
GPtrArray *vm_cluster_line_list (VmClusterLine *line);
/* When a message was last sent or received. */
gint64 vm_cluster_line_get_used (VmClusterLine *line);

G_END_DECLS
