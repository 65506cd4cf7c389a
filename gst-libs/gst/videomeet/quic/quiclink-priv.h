/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "quic/quiclink.h"

#include <ngtcp2/ngtcp2.h>

/* Debian 12 has 0.12, Debian 13 has 1.x. */
#if !HAVE_NGTCP2_CCERR
typedef ngtcp2_connection_close_error ngtcp2_ccerr;
#define ngtcp2_ccerr_default ngtcp2_connection_close_error_default
#define ngtcp2_ccerr_set_liberr \
  ngtcp2_connection_close_error_set_transport_error_liberr
#define ngtcp2_ccerr_set_tls_alert \
  ngtcp2_connection_close_error_set_transport_error_tls_alert
#define ngtcp2_ccerr_set_application_error \
  ngtcp2_connection_close_error_set_application_error
#define NGTCP2_CCERR_TYPE_APPLICATION \
  NGTCP2_CONNECTION_CLOSE_ERROR_CODE_TYPE_APPLICATION
#define NGTCP2_CCERR_TYPE_TRANSPORT \
  NGTCP2_CONNECTION_CLOSE_ERROR_CODE_TYPE_TRANSPORT
#define shutdown_stream(conn, id) ngtcp2_conn_shutdown_stream (conn, id, 0)
#define shutdown_stream_read(conn, id) \
  ngtcp2_conn_shutdown_stream_read (conn, id, 0)
#else
#define shutdown_stream(conn, id) ngtcp2_conn_shutdown_stream (conn, 0, id, 0)
#define shutdown_stream_read(conn, id) \
  ngtcp2_conn_shutdown_stream_read (conn, 0, id, 0)
#endif

struct _VmQuicLink
{
  ngtcp2_conn *conn; /* NULL: closed */
  gpointer session;
  VmQuicTlsPeer peer;
  const VmQuicLinkFuncs *funcs;
  gpointer user_data;
  gboolean server;
  gboolean judged_wrong;
  gboolean keyed; /* a close can be written */
  GHashTable *streams; /* of VmQuicStream, owned */
  GQueue sendable; /* of VmQuicStream, with a reference */
  GByteArray *blocked; /* a batch that the socket did not take */
  gsize blocked_segment;
  VmQuicAddress blocked_to;
  GBytes *close_datagram;
  guint close_repeats;
  GError *error;
};

/* FALSE, always: it is over, because of @rv. */
gboolean vm_quic_link_fail (VmQuicLink *self, gint rv);
/* The streams tell their users. */
void vm_quic_link_leave_streams (VmQuicLink *self);
void vm_quic_link_free_conn (VmQuicLink *self);
