/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The first words of a connection (protocol/agents.md#hello). */

#include "quic/quic.h"
#include "wire/p2p/reader.h"

/* How long a denial has to arrive. */
#define DENIAL_TIME G_USEC_PER_SEC

static gboolean
say (VmP2pPipe *pipe, GBytes *text, gint64 timeout, GError **error)
{
  if (g_bytes_get_size (text) > VM_P2P_HELLO_MAX) {
    g_set_error (error, VM_ERROR, VM_ERROR_TOO_LARGE,
        "A greeting has at most %d bytes", VM_P2P_HELLO_MAX);
    return FALSE;
  }
  return vm_p2p_pipe_send (
      pipe, VM_P2P_GREETING, NULL, 0, text, timeout, error);
}

static GBytes *
hear (VmP2pPipe *pipe, gint64 timeout, GError **error)
{
  g_autoptr (GBytes) text = NULL;
  guint8 type;

  text = vm_p2p_pipe_receive (pipe, timeout, &type, error);
  if (text && type != VM_P2P_GREETING) {
    g_set_error (error, VM_ERROR, VM_ERROR_BAD_MESSAGE,
        "The stream does not begin with a greeting");
    return NULL;
  }
  return g_steal_pointer (&text);
}

static gint64
left (gint64 until)
{
  return MAX (until - g_get_monotonic_time (), 0);
}

VmP2pPipe *
vm_quic_connection_say_hello (VmQuicConnection *self, const VmP2pHello *hello,
    gint64 timeout, GError **error)
{
  gint64 until = g_get_monotonic_time () + timeout;
  g_autoptr (VmP2pPipe) pipe =
      vm_quic_connection_open_pipe (self, timeout, error);
  g_autoptr (GBytes) text = vm_p2p_hello_write (hello);
  g_autoptr (GBytes) answer = NULL;

  if (!pipe || !say (pipe, text, left (until), error))
    return NULL;
  answer = hear (pipe, left (until), error);
  if (!answer || !vm_p2p_answer_read (answer, error))
    return NULL;
  return g_steal_pointer (&pipe);
}

VmP2pPipe *
vm_quic_connection_hear_hello (
    VmQuicConnection *self, gint64 timeout, VmP2pHello **hello, GError **error)
{
  gint64 until = g_get_monotonic_time () + timeout;
  g_autoptr (VmP2pPipe) pipe =
      vm_quic_connection_accept_pipe (self, timeout, error);
  g_autoptr (GBytes) text = pipe ? hear (pipe, left (until), error) : NULL;

  *hello = text ? vm_p2p_hello_read (text, error) : NULL;
  return *hello ? g_steal_pointer (&pipe) : NULL;
}

gboolean
vm_quic_connection_answer_hello (VmQuicConnection *self, VmP2pPipe *pipe,
    const GError *denial, gint64 timeout, GError **error)
{
  g_autoptr (GBytes) text =
      denial ? vm_p2p_deny_write (denial) : vm_p2p_ok_write ();
  g_autoptr (GBytes) more = NULL;
  guint8 type;

  if (!say (pipe, text, timeout, error))
    return FALSE;
  if (denial) {
    /* whoever was denied closes the stream */
    vm_p2p_pipe_end (pipe);
    more = vm_p2p_pipe_receive (pipe, MIN (timeout, DENIAL_TIME), &type, NULL);
    vm_quic_connection_close (self, denial);
  }
  return TRUE;
}
