/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* How a connection ends: what the other side said, and what it is told. */

#include "base/text.h"
#include "quic/quiclink-priv.h"

#include <string.h>

#define CLOSE_REASON_MAX 512 /* bytes: it has to fit into a datagram */
#define CLOSE_CODE 1 /* the reason says which */
#define CLOSE_REPEATS_MAX 16
/* RFC 8446 §6.2: what a side says that does not like a certificate */
#define ALERT_BAD_CERTIFICATE 42
#define ALERT_UNKNOWN_CA 48
#define ALERT_CERTIFICATE_REQUIRED 116
#define ALERT_NO_PROTOCOL 120

/* "CODE message", as vm_quic_link_close() writes it. */
static void
set_error_from_reason (VmQuicLink *self, const guint8 *reason, gsize size)
{
  g_autofree gchar *text =
      size ? g_strndup ((const gchar *) reason, MIN (size, CLOSE_REASON_MAX))
           : g_strdup ("");
  gchar *space = strchr (text, ' ');
  g_autofree gchar *shown = NULL;
  VmError code = VM_ERROR_DISCONNECTED;

  if (space) {
    *space = '\0';
    if (vm_error_from_code (text, &code)
        && g_utf8_validate (space + 1, -1, NULL) && space[1])
      shown = vm_text_to_name (space + 1, CLOSE_REASON_MAX);
    else
      code = VM_ERROR_DISCONNECTED;
  }
  g_set_error_literal (&self->error, VM_ERROR, code,
      shown ? shown : "The other side has closed the connection");
}

static void
set_error_from_alert (VmQuicLink *self, guint8 alert)
{
  if ((alert >= ALERT_BAD_CERTIFICATE && alert <= ALERT_UNKNOWN_CA)
      || alert == ALERT_CERTIFICATE_REQUIRED)
    g_set_error (&self->error, VM_ERROR, VM_ERROR_FINGERPRINT,
        "The other side does not accept the certificate of this device");
  else if (alert == ALERT_NO_PROTOCOL)
    g_set_error (&self->error, VM_ERROR, VM_ERROR_BAD_MESSAGE,
        "The other side speaks another protocol");
  else
    g_set_error (&self->error, VM_ERROR, VM_ERROR_DISCONNECTED,
        "The other side refuses the handshake (TLS alert %d)", alert);
}

static void
set_error_from_close (VmQuicLink *self)
{
#if HAVE_NGTCP2_CCERR
  const ngtcp2_ccerr *said = ngtcp2_conn_get_ccerr (self->conn);
#else
  ngtcp2_ccerr close, *said = &close;

  ngtcp2_conn_get_connection_close_error (self->conn, &close);
#endif
  if (said->type == NGTCP2_CCERR_TYPE_APPLICATION)
    set_error_from_reason (self, said->reason, said->reasonlen);
  else if (said->type == NGTCP2_CCERR_TYPE_TRANSPORT
           && (said->error_code & ~0xffull) == NGTCP2_CRYPTO_ERROR)
    set_error_from_alert (self, said->error_code & 0xff);
  else
    g_set_error (&self->error, VM_ERROR, VM_ERROR_DISCONNECTED,
        "The other side has closed the connection (QUIC error "
        "%" G_GUINT64_FORMAT ")",
        (guint64) said->error_code);
}

/* FALSE, always: it is over. */
gboolean
vm_quic_link_fail (VmQuicLink *self, gint rv)
{
  if (self->error)
    return FALSE;
  if (self->judged_wrong)
    g_set_error (&self->error, VM_ERROR, VM_ERROR_FINGERPRINT,
        "The other device has another certificate than the session names");
  else if (rv == NGTCP2_ERR_DRAINING)
    set_error_from_close (self);
  else if (rv == NGTCP2_ERR_IDLE_CLOSE)
    g_set_error (&self->error, VM_ERROR, VM_ERROR_DISCONNECTED,
        "Nothing came from the other side for %d s",
        (gint) (VM_QUIC_IDLE_TIME / G_USEC_PER_SEC));
  else if (rv == NGTCP2_ERR_HANDSHAKE_TIMEOUT)
    g_set_error (&self->error, VM_ERROR, VM_ERROR_TIMEOUT,
        "The handshake took more than %d s",
        (gint) (VM_QUIC_HANDSHAKE_TIME / G_USEC_PER_SEC));
  else
    g_set_error (&self->error, VM_ERROR, VM_ERROR_DISCONNECTED,
        "The QUIC connection failed: %s", ngtcp2_strerror (rv));
  return FALSE;
}

/* The datagram that ends it; 0: none has to be sent. */
static gsize
write_close (VmQuicLink *self, const GError *why, guint8 *data, gsize max,
    VmQuicAddress *to, guint64 now)
{
  ngtcp2_path_storage path;
  ngtcp2_pkt_info info;
  ngtcp2_ccerr close;
  g_autofree gchar *reason = NULL;
  g_autofree gchar *cut = NULL;
  ngtcp2_ssize size;
  guint8 alert = ngtcp2_conn_get_tls_alert (self->conn);

  ngtcp2_path_storage_zero (&path);
  ngtcp2_ccerr_default (&close);
  if (self->judged_wrong || alert) {
    ngtcp2_ccerr_set_tls_alert (
        &close, alert ? alert : ALERT_BAD_CERTIFICATE, NULL, 0);
  } else if (why) {
    reason = g_strdup_printf ("%s %s", vm_error_get_code (why), why->message);
    cut = vm_text_to_name (reason, CLOSE_REASON_MAX);
    ngtcp2_ccerr_set_application_error (
        &close, CLOSE_CODE, (const guint8 *) cut, strlen (cut));
  } else {
    ngtcp2_ccerr_set_application_error (&close, 0, NULL, 0);
  }
  size = ngtcp2_conn_write_connection_close (
      self->conn, &path.path, &info, data, max, &close, now);
  if (size <= 0)
    return 0;
  memcpy (to, path.path.remote.addr, sizeof *to);
  return size;
}

void
vm_quic_link_close (VmQuicLink *self, const GError *why, guint64 now)
{
  guint8 data[VM_QUIC_DATAGRAM_MAX];
  VmQuicAddress to;
  gsize size;

  if (!self->error) {
    if (why)
      self->error = g_error_copy (why);
    else
      g_set_error (&self->error, VM_ERROR, VM_ERROR_DISCONNECTED,
          "The connection was closed");
  }
  vm_quic_link_leave_streams (self);
  size = self->conn && self->keyed ? write_close (
             self, why, data, NGTCP2_MAX_UDP_PAYLOAD_SIZE, &to, now)
                                   : 0;
  if (size) {
    self->funcs->send (data, size, size, &to, self->user_data);
    self->close_datagram = g_bytes_new (data, size);
  }
  vm_quic_link_free_conn (self);
}

gboolean
vm_quic_link_has_close (const VmQuicLink *self)
{
  return self->close_datagram != NULL;
}

void
vm_quic_link_repeat_close (VmQuicLink *self, const VmQuicAddress *remote)
{
  gsize size;
  const guint8 *data;

  if (!self->close_datagram || self->close_repeats >= CLOSE_REPEATS_MAX)
    return;
  self->close_repeats++;
  data = g_bytes_get_data (self->close_datagram, &size);
  self->funcs->send (data, size, size, remote, self->user_data);
}
