/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "quic/quiclink-priv.h"
#include "quic/quicsocket.h"

#include <ngtcp2/ngtcp2_crypto.h>
#include <openssl/rand.h>
#include <string.h>

/* An acknowledgement at the latest after so many packets, or so much time:
 * few, for they are what the receiver's processor does beside decrypting, and
 * soon enough for a sender that may have few packets under way. */
#define ACK_PACKETS 10
#define ACK_DELAY (5 * NGTCP2_MILLISECONDS)
#define KEEP_ALIVE (10 * NGTCP2_SECONDS)
#define OTHER_IDS 8 /* each way that is tried needs one */
/* The examples of ngtcp2 leave a peer that allows fewer streams of one
 * direction; nothing can be sent on them. */
#define IDLE_STREAMS 3
#define BATCHES_MAX 4 /* sent before others have their turn */
#define PIECES_MAX 16
/* Headers */

static void
to_cid (VmQuicCid *cid, const guint8 *data, gsize size)
{
  memset (cid, 0, sizeof *cid);
  cid->size = size;
  if (size)
    memcpy (cid->data, data, size);
}

gboolean
vm_quic_header_read (const guint8 *data, gsize size, VmQuicHeader *header)
{
  ngtcp2_version_cid ids;
  ngtcp2_pkt_hd hd;

  memset (header, 0, sizeof *header);
  if (!size
      || ngtcp2_pkt_decode_version_cid (&ids, data, size, VM_QUIC_CID_SIZE) != 0
      || ids.dcidlen > VM_QUIC_CID_MAX || ids.scidlen > VM_QUIC_CID_MAX)
    return FALSE;
  to_cid (&header->to, ids.dcid, ids.dcidlen);
  to_cid (&header->from, ids.scid, ids.scidlen);
  header->version = ids.version;
  if (data[0] & 0x80) {
    if (ids.version != NGTCP2_PROTO_VER_V1)
      return FALSE;
    header->initial = ngtcp2_accept (&hd, data, size) == 0;
  }
  return TRUE;
}

/* Callbacks */

static ngtcp2_conn *
get_conn (ngtcp2_crypto_conn_ref *ref)
{
  return ((VmQuicLink *) ref->user_data)->conn;
}

static gboolean
judge (const guint8 *fingerprint, gpointer user_data)
{
  VmQuicLink *self = user_data;

  if (self->funcs->judge (fingerprint, self->user_data))
    return TRUE;
  self->judged_wrong = TRUE;
  return FALSE;
}

/* Without these keys a server can write no packet: ngtcp2 aborts. */
static int
recv_client_initial (ngtcp2_conn *conn, const ngtcp2_cid *cid, void *user_data)
{
  gint rv = ngtcp2_crypto_recv_client_initial_cb (conn, cid, user_data);

  ((VmQuicLink *) user_data)->keyed = rv == 0;
  return rv;
}

static void
random_bytes (guint8 *data, gsize size, const ngtcp2_rand_ctx *context)
{
  RAND_bytes (data, size);
}

static int
new_id (ngtcp2_conn *conn, ngtcp2_cid *cid, guint8 *token, gsize size,
    void *user_data)
{
  VmQuicLink *self = user_data;
  VmQuicCid id = { .size = size };

  if (RAND_bytes (id.data, size) != 1
      || RAND_bytes (token, NGTCP2_STATELESS_RESET_TOKENLEN) != 1)
    return NGTCP2_ERR_CALLBACK_FAILURE;
  ngtcp2_cid_init (cid, id.data, size);
  self->funcs->cid_changed (&id, TRUE, self->user_data);
  return 0;
}

static int
remove_id (ngtcp2_conn *conn, const ngtcp2_cid *cid, void *user_data)
{
  VmQuicLink *self = user_data;
  VmQuicCid id;

  to_cid (&id, cid->data, cid->datalen);
  self->funcs->cid_changed (&id, FALSE, self->user_data);
  return 0;
}

/* The server has judged the client by now; the client hears of it by
 * HANDSHAKE_DONE alone. */
static int
handshake_completed (ngtcp2_conn *conn, void *user_data)
{
  VmQuicLink *self = user_data;

  if (self->server)
    self->funcs->ready (self->user_data);
  return 0;
}

static int
handshake_confirmed (ngtcp2_conn *conn, void *user_data)
{
  VmQuicLink *self = user_data;

  if (!self->server)
    self->funcs->ready (self->user_data);
  return 0;
}

static void
add_stream (VmQuicLink *self, VmQuicStream *stream)
{
  stream->alive = TRUE;
  g_hash_table_add (self->streams, stream);
}

static int
stream_open (ngtcp2_conn *conn, gint64 id, void *user_data)
{
  VmQuicLink *self = user_data;
  VmQuicStream *stream;

  if (!ngtcp2_is_bidi_stream (id))
    return 0;
  stream = self->funcs->accept (id, self->user_data);
  if (!stream)
    return NGTCP2_ERR_CALLBACK_FAILURE;
  add_stream (self, stream);
  ngtcp2_conn_set_stream_user_data (conn, id, stream);
  return 0;
}

/* Ends both ways of a stream that cannot go on. */
static void
shut (VmQuicLink *self, VmQuicStream *stream)
{
  if (stream->shut || !stream->alive)
    return;
  stream->shut = TRUE;
  shutdown_stream (self->conn, stream->id);
}

static int
stream_data (ngtcp2_conn *conn, guint32 flags, gint64 id, guint64 offset,
    const guint8 *data, gsize size, void *user_data, void *stream_data)
{
  VmQuicLink *self = user_data;
  VmQuicStream *stream = stream_data;
  g_autoptr (GError) error = NULL;

  if (!stream || stream->shut) {
    ngtcp2_conn_extend_max_offset (conn, size);
    return 0;
  }
  if (!vm_quic_stream_arrived (stream, data, size,
          (flags & NGTCP2_STREAM_DATA_FLAG_FIN) != 0, &error)) {
    vm_quic_stream_set_over (stream, error);
    shut (self, stream);
  }
  return 0;
}

static void
make_sendable (VmQuicLink *self, VmQuicStream *stream)
{
  if (stream->sendable || !stream->alive)
    return;
  stream->sendable = TRUE;
  g_queue_push_tail (&self->sendable, vm_quic_stream_ref (stream));
}

static int
stream_acked (ngtcp2_conn *conn, gint64 id, guint64 offset, guint64 size,
    void *user_data, void *stream_data)
{
  VmQuicStream *stream = stream_data;

  if (stream) {
    vm_quic_stream_acked (stream, size);
    if (!stream->next && !stream->fin_sent)
      make_sendable (user_data, stream);
  }
  return 0;
}

static int
stream_window (ngtcp2_conn *conn, gint64 id, guint64 max, void *user_data,
    void *stream_data)
{
  if (stream_data)
    make_sendable (user_data, stream_data);
  return 0;
}

static int
stream_reset (ngtcp2_conn *conn, gint64 id, guint64 final_size, guint64 code,
    void *user_data, void *stream_data)
{
  VmQuicLink *self = user_data;
  VmQuicStream *stream = stream_data;
  g_autoptr (GError) error = g_error_new (
      VM_ERROR, VM_ERROR_DISCONNECTED, "The other side has ended the stream");

  if (stream) {
    vm_quic_stream_set_over (stream, error);
    shut (self, stream);
  }
  return 0;
}

static int
stream_stop (ngtcp2_conn *conn, gint64 id, guint64 code, void *user_data,
    void *stream_data)
{
  return stream_reset (conn, id, 0, code, user_data, stream_data);
}

static int
stream_close (ngtcp2_conn *conn, guint32 flags, gint64 id, guint64 code,
    void *user_data, void *stream_data)
{
  VmQuicLink *self = user_data;
  VmQuicStream *stream = stream_data;

  if (!ngtcp2_conn_is_local_stream (conn, id))
    ngtcp2_conn_extend_max_streams_bidi (conn, 1);
  if (!stream)
    return 0;
  stream->alive = FALSE;
  vm_quic_stream_set_over (stream, NULL);
  if (vm_quic_stream_refuse (stream))
    vm_quic_link_serve (self, stream);
  g_hash_table_remove (self->streams, stream);
  return 0;
}

static int
streams_allowed (ngtcp2_conn *conn, guint64 max, void *user_data)
{
  VmQuicLink *self = user_data;

  self->funcs->streams_allowed (self->user_data);
  return 0;
}

static int
path_validated (ngtcp2_conn *conn, guint32 flags, const ngtcp2_path *path,
#if HAVE_NGTCP2_CCERR
    const ngtcp2_path *old_path,
#endif
    ngtcp2_path_validation_result result, void *user_data)
{
  VmQuicLink *self = user_data;

  if (result == NGTCP2_PATH_VALIDATION_RESULT_FAILURE)
    self->funcs->way_failed (self->user_data);
  return 0;
}

static const ngtcp2_callbacks callbacks = {
  .client_initial = ngtcp2_crypto_client_initial_cb,
  .recv_client_initial = recv_client_initial,
  .recv_crypto_data = ngtcp2_crypto_recv_crypto_data_cb,
  .handshake_completed = handshake_completed,
  .handshake_confirmed = handshake_confirmed,
  .encrypt = ngtcp2_crypto_encrypt_cb,
  .decrypt = ngtcp2_crypto_decrypt_cb,
  .hp_mask = ngtcp2_crypto_hp_mask_cb,
  .recv_stream_data = stream_data,
  .acked_stream_data_offset = stream_acked,
  .stream_open = stream_open,
  .stream_close = stream_close,
  .stream_reset = stream_reset,
  .stream_stop_sending = stream_stop,
  .extend_max_stream_data = stream_window,
  .extend_max_local_streams_bidi = streams_allowed,
  .recv_retry = ngtcp2_crypto_recv_retry_cb,
  .rand = random_bytes,
  .get_new_connection_id = new_id,
  .remove_connection_id = remove_id,
  .update_key = ngtcp2_crypto_update_key_cb,
  .path_validation = path_validated,
  .delete_crypto_aead_ctx = ngtcp2_crypto_delete_crypto_aead_ctx_cb,
  .delete_crypto_cipher_ctx = ngtcp2_crypto_delete_crypto_cipher_ctx_cb,
  .get_path_challenge_data = ngtcp2_crypto_get_path_challenge_data_cb,
  .version_negotiation = ngtcp2_crypto_version_negotiation_cb,
};

/* Life */

/* ngtcp2 tells ways apart by both addresses. The local one is the same for
 * all, so its port says which way it is. */
static void
set_path (
    ngtcp2_path_storage *storage, const VmQuicAddress *remote, guint16 local)
{
  VmQuicAddress from = { .sin6_family = AF_INET6, .sin6_port = local };

  ngtcp2_path_storage_init (storage, (const ngtcp2_sockaddr *) &from,
      sizeof from, (const ngtcp2_sockaddr *) remote, sizeof *remote, NULL);
}

static void
set_settings (ngtcp2_settings *settings, guint64 now)
{
  ngtcp2_settings_default (settings);
  settings->initial_ts = now;
  settings->cc_algo = NGTCP2_CC_ALGO_CUBIC;
  settings->ack_thresh = ACK_PACKETS;
  settings->handshake_timeout = VM_QUIC_HANDSHAKE_TIME * NGTCP2_MICROSECONDS;
}

static void
set_params (ngtcp2_transport_params *params, const VmQuicHeader *first)
{
  ngtcp2_transport_params_default (params);
  params->initial_max_stream_data_bidi_local = VM_QUIC_STREAM_WINDOW;
  params->initial_max_stream_data_bidi_remote = VM_QUIC_STREAM_WINDOW;
  params->initial_max_data = VM_QUIC_CONNECTION_WINDOW;
  params->initial_max_streams_bidi = VM_QUIC_STREAMS_MAX;
  params->initial_max_streams_uni = IDLE_STREAMS;
  params->max_idle_timeout = VM_QUIC_IDLE_TIME * NGTCP2_MICROSECONDS;
  params->active_connection_id_limit = OTHER_IDS;
  params->max_ack_delay = ACK_DELAY;
  if (first) {
    ngtcp2_cid_init (&params->original_dcid, first->to.data, first->to.size);
#if HAVE_NGTCP2_CCERR
    params->original_dcid_present = 1;
#endif
  }
}

static gboolean
make_conn (VmQuicLink *self, const VmQuicHeader *first, const guint8 *tag,
    gsize tag_size, const VmQuicAddress *remote, guint16 local, guint64 now)
{
  ngtcp2_settings settings;
  ngtcp2_transport_params params;
  ngtcp2_path_storage path;
  ngtcp2_cid to, from;
  VmQuicCid id = { .size = VM_QUIC_CID_SIZE };
  gint rv;

  set_settings (&settings, now);
  set_params (&params, first);
  set_path (&path, remote, local);
  if (RAND_bytes (id.data, id.size) != 1)
    return FALSE;
  ngtcp2_cid_init (&from, id.data, id.size);
  if (first) {
    ngtcp2_cid_init (&to, first->from.data, first->from.size);
    rv = ngtcp2_conn_server_new (&self->conn, &to, &from, &path.path,
        first->version, &callbacks, &settings, &params, NULL, self);
  } else {
    guint8 random[VM_QUIC_CID_SIZE];

    if (RAND_bytes (random, sizeof random) != 1)
      return FALSE;
    if (tag_size)
      memcpy (random, tag, MIN (tag_size, sizeof random));
    ngtcp2_cid_init (&to, random, sizeof random);
    rv = ngtcp2_conn_client_new (&self->conn, &to, &from, &path.path,
        NGTCP2_PROTO_VER_V1, &callbacks, &settings, &params, NULL, self);
  }
  if (rv != 0)
    return FALSE;
  self->funcs->cid_changed (&id, TRUE, self->user_data);
  return TRUE;
}

VmQuicLink *
vm_quic_link_new (VmQuicTls *tls, const VmQuicHeader *first, const guint8 *tag,
    gsize tag_size, const VmQuicAddress *remote, guint16 local,
    const VmQuicLinkFuncs *funcs, gpointer user_data, guint64 now)
{
  VmQuicLink *self = g_new0 (VmQuicLink, 1);

  self->funcs = funcs;
  self->user_data = user_data;
  self->server = first != NULL;
  self->keyed = !self->server; /* ngtcp2 sees to it that a client has some */
  self->streams = g_hash_table_new_full (
      NULL, NULL, (GDestroyNotify) vm_quic_stream_unref, NULL);
  self->peer.ref.get_conn = get_conn;
  self->peer.ref.user_data = self;
  self->peer.tls = tls;
  self->peer.judge = judge;
  self->peer.user_data = self;
  self->session = vm_quic_tls_session_new (&self->peer, self->server);
  if (!self->session
      || !make_conn (self, first, tag, tag_size, remote, local, now)) {
    vm_quic_link_free (self);
    return NULL;
  }
  ngtcp2_conn_set_tls_native_handle (self->conn, self->session);
  ngtcp2_conn_set_keep_alive_timeout (self->conn,
      self->server ? KEEP_ALIVE : VM_QUIC_PING_TIME * NGTCP2_MICROSECONDS);
  return self;
}

static void
clear_sendable (VmQuicLink *self)
{
  VmQuicStream *stream;

  while ((stream = g_queue_pop_head (&self->sendable))) {
    stream->sendable = FALSE;
    vm_quic_stream_unref (stream);
  }
}

/* The streams tell their users. */
void
vm_quic_link_leave_streams (VmQuicLink *self)
{
  GHashTableIter iter;
  gpointer stream;

  clear_sendable (self);
  g_hash_table_iter_init (&iter, self->streams);
  while (g_hash_table_iter_next (&iter, &stream, NULL)) {
    ((VmQuicStream *) stream)->alive = FALSE;
    vm_quic_stream_set_over (stream, self->error);
  }
  g_hash_table_remove_all (self->streams);
}

void
vm_quic_link_free_conn (VmQuicLink *self)
{
  if (self->conn)
    ngtcp2_conn_del (self->conn);
  self->conn = NULL;
  if (self->session)
    vm_quic_tls_session_free (self->session);
  self->session = NULL;
  g_clear_pointer (&self->blocked, g_byte_array_unref);
}

void
vm_quic_link_free (VmQuicLink *self)
{
  vm_quic_link_leave_streams (self);
  vm_quic_link_free_conn (self);
  g_hash_table_unref (self->streams);
  g_clear_pointer (&self->close_datagram, g_bytes_unref);
  g_clear_error (&self->error);
  g_free (self);
}

const GError *
vm_quic_link_get_error (const VmQuicLink *self)
{
  return self->error;
}

/* Traffic */

gboolean
vm_quic_link_read (VmQuicLink *self, const guint8 *data, gsize size,
    const VmQuicAddress *remote, guint16 local, guint64 now)
{
  ngtcp2_path_storage path;
  ngtcp2_pkt_info info = { 0 };
  gint rv;

  set_path (&path, remote, local);
  rv = ngtcp2_conn_read_pkt (self->conn, &path.path, &info, data, size, now);
  if (rv == 0 && (self->keyed))
    return TRUE;
  vm_quic_link_fail (self, rv == 0 ? NGTCP2_ERR_DROP_CONN : rv);
  /* no packet of QUIC, or one that anybody can make: it gets no answer */
  if (rv == 0 || rv == NGTCP2_ERR_DROP_CONN || rv == NGTCP2_ERR_RETRY)
    vm_quic_link_free_conn (self);
  return FALSE;
}

guint64
vm_quic_link_get_expiry (const VmQuicLink *self)
{
  return self->conn ? ngtcp2_conn_get_expiry (self->conn) : G_MAXUINT64;
}

gboolean
vm_quic_link_expire (VmQuicLink *self, guint64 now)
{
  gint rv;

  if (ngtcp2_conn_get_expiry (self->conn) > now)
    return TRUE;
  rv = ngtcp2_conn_handle_expiry (self->conn, now);
  return rv == 0 || vm_quic_link_fail (self, rv);
}

gboolean
vm_quic_link_is_blocked (const VmQuicLink *self)
{
  return self->blocked != NULL;
}

typedef struct
{
  guint8 *data;
  gsize size, segment, n;
  VmQuicAddress to;
} Batch;

/* FALSE: the socket takes no more now; the rest is kept. */
static gboolean
send_batch (VmQuicLink *self, const guint8 *data, gsize size, gsize segment,
    const VmQuicAddress *to)
{
  gsize done;

  if (!size)
    return TRUE;
  if (self->blocked) { /* behind what waits; few bytes */
    if (segment != self->blocked_segment || self->blocked->len % segment != 0
        || !vm_quic_address_equal (to, &self->blocked_to))
      return FALSE; /* lost, as datagrams are */
    g_byte_array_append (self->blocked, data, size);
    return FALSE;
  }
  done = self->funcs->send (data, size, segment, to, self->user_data);
  if (done >= size)
    return TRUE;
  self->blocked = g_byte_array_new ();
  g_byte_array_append (self->blocked, data + done, size - done);
  self->blocked_segment = segment;
  self->blocked_to = *to;
  return FALSE;
}

static gboolean
send_blocked (VmQuicLink *self)
{
  g_autoptr (GByteArray) batch = g_steal_pointer (&self->blocked);

  return !batch
         || send_batch (self, batch->data, batch->len, self->blocked_segment,
             &self->blocked_to);
}

/* The first stream that has something to send; NULL: none. */
static VmQuicStream *
next_sendable (VmQuicLink *self)
{
  VmQuicStream *stream;

  while ((stream = g_queue_peek_head (&self->sendable))) {
    if (stream->alive && !stream->shut && !stream->fin_sent) {
      if (!stream->next && !stream->fin_wanted)
        vm_quic_link_serve (self, stream);
      if (stream->alive && !stream->shut
          && (stream->next || stream->fin_wanted))
        return stream;
    }
    g_queue_pop_head (&self->sendable);
    stream->sendable = FALSE;
    vm_quic_stream_settle (stream);
    vm_quic_stream_unref (stream);
  }
  return NULL;
}

static void
block_sendable (VmQuicLink *self)
{
  VmQuicStream *stream = g_queue_pop_head (&self->sendable);

  stream->sendable = FALSE;
  vm_quic_stream_settle (stream);
  vm_quic_stream_unref (stream);
}

static void
rotate_sendable (VmQuicLink *self)
{
  VmQuicStream *stream = g_queue_pop_head (&self->sendable);

  if (!stream)
    return;
  vm_quic_stream_settle (stream);
  g_queue_push_tail (&self->sendable, stream);
}

/* One packet; 0: no more may be sent now; below 0: it is over. */
static ngtcp2_ssize
write_packet (
    VmQuicLink *self, ngtcp2_path *path, guint8 *data, gsize max, guint64 now)
{
  for (;;) {
    VmQuicStream *stream = next_sendable (self);
    struct iovec pieces[PIECES_MAX];
    guint n = stream ? vm_quic_stream_peek (stream, pieces, PIECES_MAX) : 0;
    gsize offered = 0;
    guint32 flags = NGTCP2_WRITE_STREAM_FLAG_MORE;
    ngtcp2_ssize taken = -1, size;
    ngtcp2_pkt_info info;
    gboolean fin;

    for (guint i = 0; i < n; i++)
      offered += pieces[i].iov_len;
    fin = stream && stream->fin_wanted && n < PIECES_MAX;
    if (fin)
      flags |= NGTCP2_WRITE_STREAM_FLAG_FIN;
    G_STATIC_ASSERT (sizeof (struct iovec) == sizeof (ngtcp2_vec));
    size = ngtcp2_conn_writev_stream (self->conn, path, &info, data, max,
        &taken, stream ? flags : 0, stream ? stream->id : -1,
        (const ngtcp2_vec *) pieces, n, now);
    if (taken >= 0 && stream) {
      vm_quic_stream_wrote (stream, taken);
      if (fin && (gsize) taken == offered) {
        stream->fin_sent = TRUE;
        stream->fin_wanted = FALSE;
      }
    }
    if (size == NGTCP2_ERR_WRITE_MORE)
      continue;
    if (stream
        && (size == NGTCP2_ERR_STREAM_DATA_BLOCKED
            || size == NGTCP2_ERR_STREAM_SHUT_WR
            || size == NGTCP2_ERR_STREAM_NOT_FOUND)) {
      block_sendable (self);
      continue;
    }
    return size;
  }
}

static gboolean
flush (VmQuicLink *self, Batch *batch)
{
  gboolean sent =
      send_batch (self, batch->data, batch->size, batch->segment, &batch->to);

  batch->size = batch->n = 0;
  return sent;
}

/* As many packets as one call of the kernel sends: of one size, but the last,
 * which may be smaller. @more: the batch is full. FALSE: it is over. */
static gboolean
write_batch (VmQuicLink *self, guint8 *buffer, guint64 now, gboolean *more)
{
  gsize max = ngtcp2_conn_get_max_tx_udp_payload_size (self->conn);
  gsize packets = ngtcp2_conn_get_send_quantum (self->conn) / max;
  Batch batch = { buffer };
  ngtcp2_path_storage path;
  ngtcp2_ssize size = 0;

  *more = FALSE;
  packets = CLAMP (
      packets, 1, MIN (VM_QUIC_SEGMENTS_MAX, VM_QUIC_BATCH_MAX / max - 1));
  while (batch.n < packets) {
    VmQuicAddress to;

    ngtcp2_path_storage_zero (&path);
    size = write_packet (self, &path.path, buffer + batch.size, max, now);
    if (size <= 0)
      break;
    memcpy (&to, path.path.remote.addr, sizeof to);
    if (batch.n
        && ((gsize) size > batch.segment
            || !vm_quic_address_equal (&to, &batch.to))) {
      guint8 *alone = buffer + batch.size;

      *more = flush (self, &batch);
      *more = send_batch (self, alone, size, size, &to) && *more;
      size = 1;
      break;
    }
    if (!batch.n++) {
      batch.segment = size;
      batch.to = to;
    }
    batch.size += size;
    if ((gsize) size < batch.segment || batch.n == packets) {
      *more = TRUE;
      break;
    }
  }
  if (size < 0)
    return vm_quic_link_fail (self, size);
  if (!flush (self, &batch))
    *more = FALSE;
  /* Before, ngtcp2 knows no round trip, supposes 333 ms (RFC 9002 §6.2.2), and
   * would hold the second flight back for 22 of them. */
  if (ngtcp2_conn_get_handshake_completed (self->conn))
    ngtcp2_conn_update_pkt_tx_time (self->conn, now);
  rotate_sendable (self);
  return TRUE;
}

gboolean
vm_quic_link_write (
    VmQuicLink *self, guint8 *buffer, guint64 now, gboolean *more)
{
  *more = send_blocked (self);
  for (guint i = 0; *more && i < BATCHES_MAX; i++)
    if (!write_batch (self, buffer, now, more))
      return FALSE;
  return TRUE;
}

/* Streams */

gboolean
vm_quic_link_open (VmQuicLink *self, VmQuicStream *stream)
{
  gint64 id;

  if (ngtcp2_conn_open_bidi_stream (self->conn, &id, stream) != 0)
    return FALSE;
  stream->id = id;
  add_stream (self, vm_quic_stream_ref (stream));
  return TRUE;
}

void
vm_quic_link_serve (VmQuicLink *self, VmQuicStream *stream)
{
  VmQuicWishes wishes;
  guint64 credit;

  vm_quic_stream_take (stream, &wishes);
  credit = stream->received - stream->credited;
  if (!wishes.closed)
    credit = MIN (credit, wishes.consumed);
  if (credit) {
    stream->credited += credit;
    ngtcp2_conn_extend_max_offset (self->conn, credit);
    if (stream->alive && !stream->shut)
      ngtcp2_conn_extend_max_stream_offset (self->conn, stream->id, credit);
  }
  if (!stream->alive || stream->shut)
    return;
  if (wishes.closed && !wishes.ended) {
    shut (self, stream);
    return;
  }
  /* what was sent before the end still goes */
  if (wishes.closed)
    shutdown_stream_read (self->conn, stream->id);
  if (stream->next || stream->fin_wanted)
    make_sendable (self, stream);
}

/* Ways */

gboolean
vm_quic_link_migrate (VmQuicLink *self, const VmQuicAddress *remote,
    guint16 local, gboolean immediate, guint64 now)
{
  ngtcp2_path_storage path;

  if (self->server)
    return FALSE;
  set_path (&path, remote, local);
  return (immediate
                 ? ngtcp2_conn_initiate_immediate_migration (
                     self->conn, &path.path, now)
                 : ngtcp2_conn_initiate_migration (self->conn, &path.path, now))
         == 0;
}

void
vm_quic_link_get_remote (const VmQuicLink *self, VmQuicAddress *remote)
{
  memcpy (
      remote, ngtcp2_conn_get_path (self->conn)->remote.addr, sizeof *remote);
}
