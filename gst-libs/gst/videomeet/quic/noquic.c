/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The library without QUIC (meson option `quic`): no endpoint can be made, so
 * nothing else is ever called. */

#include "quic/quic.h"

static gpointer
refuse (GError **error)
{
  g_set_error (error, VM_ERROR, VM_ERROR_FAILED,
      "This program was built without QUIC, by which agents transfer files");
  return NULL;
}

const gchar *
vm_quic_path_to_string (VmQuicPath path)
{
  return "none";
}

VmQuicEndpoint *
vm_quic_endpoint_new (const VmQuicConfig *config, GError **error)
{
  return refuse (error);
}

void
vm_quic_endpoint_free (VmQuicEndpoint *self)
{
}

guint16
vm_quic_endpoint_get_port (VmQuicEndpoint *self)
{
  return 0;
}

const guint8 *
vm_quic_endpoint_get_fingerprint (VmQuicEndpoint *self)
{
  return NULL;
}

GArray *
vm_quic_endpoint_get_candidates (VmQuicEndpoint *self, gint64 timeout)
{
  return g_array_new (FALSE, FALSE, sizeof (VmQuicCandidate));
}

VmQuicConnection *
vm_quic_endpoint_connect (
    VmQuicEndpoint *self, const VmQuicSession *session, GError **error)
{
  return refuse (error);
}

VmQuicConnection *
vm_quic_endpoint_expect (
    VmQuicEndpoint *self, const VmQuicSession *session, GError **error)
{
  return refuse (error);
}

VmQuicConnection *
vm_quic_connection_ref (VmQuicConnection *self)
{
  return self;
}

void
vm_quic_connection_unref (VmQuicConnection *self)
{
}

gboolean
vm_quic_connection_wait (VmQuicConnection *self, gint64 timeout, GError **error)
{
  return refuse (error) != NULL;
}

VmQuicPath
vm_quic_connection_get_path (VmQuicConnection *self)
{
  return VM_QUIC_PATH_NONE;
}

gint64
vm_quic_connection_get_silence (VmQuicConnection *self)
{
  return 0;
}

void
vm_quic_connection_use_relay (VmQuicConnection *self)
{
}

void
vm_quic_connection_take_datagram (
    VmQuicConnection *self, const guint8 *data, gsize size)
{
}

VmP2pPipe *
vm_quic_connection_open_pipe (
    VmQuicConnection *self, gint64 timeout, GError **error)
{
  return refuse (error);
}

VmP2pPipe *
vm_quic_connection_accept_pipe (
    VmQuicConnection *self, gint64 timeout, GError **error)
{
  return refuse (error);
}

void
vm_quic_connection_close (VmQuicConnection *self, const GError *why)
{
}

void
vm_quic_connection_wait_closed (VmQuicConnection *self, gint64 timeout)
{
}

VmP2pPipe *
vm_quic_connection_say_hello (VmQuicConnection *self, const VmP2pHello *hello,
    gint64 timeout, GError **error)
{
  return refuse (error);
}

VmP2pPipe *
vm_quic_connection_hear_hello (
    VmQuicConnection *self, gint64 timeout, VmP2pHello **hello, GError **error)
{
  return refuse (error);
}

gboolean
vm_quic_connection_answer_hello (VmQuicConnection *self, VmP2pPipe *pipe,
    const GError *denial, gint64 timeout, GError **error)
{
  return refuse (error) != NULL;
}
