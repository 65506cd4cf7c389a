/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "server/protocol.h"

/* One WebSocket of this server to Janus, by libwebsockets. On vm-net. */

typedef struct _VmSfuLine VmSfuLine;

/* Where Janus is. */
typedef struct
{
  gchar *host; /* as it was given, for the header Host */
  gchar *address; /* of it */
  guint16 port;
  gchar *path;
} VmSfuAddress;

/* The last thing that each does may be vm_sfu_line_free(). */
typedef struct
{
  void (*opened) (VmSfuLine *line, gpointer user_data);
  void (*received) (
      VmSfuLine *line, const gchar *data, gsize size, gpointer user_data);
  /* It is lost, or could not be opened. */
  void (*closed) (VmSfuLine *line, gpointer user_data);
} VmSfuLineFuncs;

/* The vhost of all lines of a context, which accepts nothing; NULL:
 * libwebsockets refuses it. */
struct lws_context;
struct lws_vhost;
struct lws_vhost *vm_sfu_line_make_vhost (struct lws_context *context);

VmSfuLine *vm_sfu_line_new (struct lws_context *context,
    struct lws_vhost *vhost, const VmSfuAddress *address,
    const VmSfuLineFuncs *funcs, gpointer user_data);
/* Closes it. */
void vm_sfu_line_free (VmSfuLine *line);
/* Before it is open too. FALSE: VM_SFU_QUEUE_BYTES wait already, and this is
 * not sent. */
gboolean vm_sfu_line_send (VmSfuLine *line, const gchar *text);
/* Whether something waits to be sent. */
gboolean vm_sfu_line_is_busy (const VmSfuLine *line);
/* Says closed() where libwebsockets has not. */
void vm_sfu_line_tick (VmSfuLine *line, gint64 now);
