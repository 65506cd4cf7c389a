/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* What one node says to another and hears from it, in order and once, over a
 * transport that may lose, double and interrupt: what was not acknowledged is
 * sent again, and what does not follow is not heard. What is heard is
 * acknowledged at once: else it would be said to whoever comes back elsewhere,
 * who has it already. Sans-I/O; `now` is monotonic, µs. */

/* What waits for the other node, beyond which the oldest is dropped: a room
 * that says so much in half a minute is over its own limits. */
#define VM_CLUSTER_LINE_MESSAGES 4096
#define VM_CLUSTER_LINE_BYTES (16 * 1024 * 1024)
/* Without a word of the other node's, what waits is sent again. */
#define VM_CLUSTER_LINE_AGAIN_TIME (2 * G_USEC_PER_SEC)
/* Messages that the other may have dropped unheard; beyond, it is not believed,
 * and its numbers have to begin again. */
#define VM_CLUSTER_LINE_JUMP_MAX (64 * 1024)
/* So much of it at once. */
#define VM_CLUSTER_LINE_AGAIN_MAX 256

typedef struct _VmClusterLine VmClusterLine;

/* One frame is sent to the other node. May not come back to the line. */
typedef void (*VmClusterLineSend) (GBytes *frame, gpointer user_data);
/* One message of the other's. */
typedef void (*VmClusterLineHear) (GBytes *message, gpointer user_data);

/* @node: this one's name, in each frame. */
VmClusterLine *vm_cluster_line_new (
    const gchar *node, gint64 now, VmClusterLineSend send, gpointer user_data);
void vm_cluster_line_free (VmClusterLine *line);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VmClusterLine, vm_cluster_line_free)

void vm_cluster_line_say (VmClusterLine *line, GBytes *message, gint64 now);
/* Whose frame it is, or NULL: nobody's. Returns: (transfer full) */
gchar *vm_cluster_line_get_node (GBytes *frame);
/* A frame of the other node's; may not free the line. */
void vm_cluster_line_take (VmClusterLine *line, GBytes *frame,
    VmClusterLineHear hear, gpointer user_data, gint64 now);
/* The transport was interrupted. */
void vm_cluster_line_again (VmClusterLine *line, gint64 now);
/* To be called several times a second. */
void vm_cluster_line_tick (VmClusterLine *line, gint64 now);
/* What waits for the other node, oldest first. Returns: (transfer container) */
GPtrArray *vm_cluster_line_list (VmClusterLine *line);
/* When something was said or heard last. */
gint64 vm_cluster_line_get_used (VmClusterLine *line);

G_END_DECLS
