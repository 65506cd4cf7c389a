/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What a link does with files: from the sink pads to the lane that each has,
 * and the answers back; whose a message is that comes on the data channels; and
 * who may offer files to whom. Control thread. */

#include "link/vmlink-files-priv.h"
#include "plugin/plugin.h"

#include <string.h>

#define GST_CAT_DEFAULT vm_signal_debug

/* Messages of a peer that cannot be read and are answered. */
#define ERRORS_MAX 16
/* Packets that are handed to the channels at once. */
#define BURST_MAX 64

static VmLinkFiles *
get_files (VmLink *self)
{
  if (!self->files) {
    self->files = g_new0 (VmLinkFiles, 1);
    self->files->lane = VM_PLUGIN (vm_file_lane_new) ();
    self->files->sent = g_hash_table_new_full (
        g_str_hash, g_str_equal, g_free, (GDestroyNotify) vm_file_route_free);
    self->files->received = g_hash_table_new_full (
        g_str_hash, g_str_equal, g_free, vm_link_received_free);
  }
  VM_PLUGIN (vm_file_lane_set_session)
  (self->files->lane, vm_link_get_signer (self) ? self->now->media : NULL);
  return self->files;
}

const gchar *
vm_file_message_get_id (const GstStructure *message)
{
  return gst_structure_get_string (message,
      gst_structure_has_name (message, "FILE_OFFER") ? "id" : "transferId");
}

gboolean
vm_file_message_ends (const GstStructure *message)
{
  gboolean accept = TRUE;

  gst_structure_get_boolean (message, "accept", &accept);
  return !accept || gst_structure_has_name (message, "TRANSFER_VERIFIED")
         || gst_structure_has_name (message, "TRANSFER_CANCEL")
         || gst_structure_has_name (message, "error");
}

/* Only who sends a file says it. */
static gboolean
is_of_sender (const GstStructure *message)
{
  return gst_structure_has_name (message, "TRANSFER_START")
         || gst_structure_has_name (message, "CHUNK_DATA")
         || gst_structure_has_name (message, "TRANSFER_COMPLETE");
}

static gboolean
is_of_receiver (const GstStructure *message)
{
  return gst_structure_has_name (message, "FILE_RESPONSE")
         || gst_structure_has_name (message, "CHUNK_ACK")
         || gst_structure_has_name (message, "TRANSFER_VERIFIED");
}

GstStructure *
vm_file_message_new_error (const gchar *id, const GError *error)
{
  GstStructure *s = gst_structure_new ("error", "code", G_TYPE_STRING,
      vm_error_get_code (error), "message", G_TYPE_STRING, error->message,
      NULL);

  if (id)
    gst_structure_set (s, "transferId", G_TYPE_STRING, id, NULL);
  return s;
}

void
vm_link_refuse_file (VmFilePad *pad, const GstStructure *message,
    const gchar *participant, const GError *error)
{
  g_autoptr (GstStructure) s =
      vm_file_message_new_error (vm_file_message_get_id (message), error);

  vm_file_pad_reply (pad, s, participant);
}

/* Who may offer files to whom (security.md#tokens, permission `file`): each
 * side looks at what it knows itself. The trust store is a few small files. */

const gchar *
vm_link_get_signer (VmLink *self)
{
  const gchar *device = vm_participant_get_device_id (self->participant);

  return device && *device && self->now && self->now->media
                 && vm_media_session_is_signed (self->now->media)
             ? device
             : NULL;
}

/* A browser has no key that a permission could be given to, and a device that
 * has signed nothing is no device. */
static gboolean
may_without_key (VmLink *self, VmPolicy policy, GError **error)
{
  if (policy != VM_POLICY_REQUIRE)
    return TRUE;
  g_set_error (error, VM_ERROR, VM_ERROR_NOT_TRUSTED,
      "%s has shown no key, and here files go between trusted devices only",
      vm_participant_get_user (self->participant));
  return FALSE;
}

static gboolean
may_be_sent_files (VmLink *self, GError **error)
{
  VmNode *node = self->node;
  g_autoptr (GDateTime) now = g_date_time_new_now_utc ();
  const gchar *device = vm_link_get_signer (self);
  g_autoptr (VmTrustFacts) facts = NULL;
  VmPolicy policy;

  g_object_get (node, "policy", &policy, NULL);
  if (!device)
    return may_without_key (self, policy, error);
  facts = vm_trust_store_know (
      vm_node_get_trust_store (node), device, NULL, NULL, now);
  if (facts->held == VM_PERMISSIONS_NONE
      || facts->held_until < g_date_time_to_unix (now)
      || (facts->held & VM_PERMISSIONS_FILE))
    return TRUE;
  g_set_error (error, VM_ERROR, VM_ERROR_NOT_TRUSTED,
      "%s has not given this device leave to offer it files",
      vm_participant_get_user (self->participant));
  return FALSE;
}

/* Its token is this host's own, for this meeting, and says so. */
static gboolean
is_own_guest (VmLink *self)
{
  return VM_PLUGIN (vm_participant_get_trust) (self->participant)
             == VM_TRUST_LEVEL_GUEST
         && VM_PLUGIN (vm_meeting_get_hosting) (vm_link_get_meeting (self));
}

gboolean
vm_link_may_offer_files (VmLink *self, GError **error)
{
  VmNode *node = self->node;
  g_autoptr (GDateTime) now = g_date_time_new_now_utc ();
  const gchar *device = vm_link_get_signer (self);
  g_autoptr (VmTrustFacts) facts = NULL;
  VmPolicy policy;

  g_object_get (node, "policy", &policy, NULL);
  if (!device)
    return may_without_key (self, policy, error);
  if (policy == VM_POLICY_REQUIRE && is_own_guest (self))
    return TRUE;
  facts = VM_PLUGIN (vm_trust_store_admit) (vm_node_get_trust_store (node),
      device, policy, VM_PERMISSIONS_FILE, now, NULL, error);
  return facts != NULL;
}

/* --- out --- */

/* Whether its channels for files are open; else they are opened, if they can
 * be. */
static gboolean
are_channels_open (VmLink *self)
{
  gboolean control, data;

  if (!self->now || self->closed)
    return FALSE;
  control = vm_peer_open_channel (self->now->peer, VM_FILE_LANE_CONTROL);
  data = vm_peer_open_channel (self->now->peer, VM_FILE_LANE_DATA);
  return control && data;
}

gboolean
vm_link_has_transfer (VmLink *self, const gchar *id)
{
  return self->files && id && g_hash_table_contains (self->files->sent, id);
}

static gboolean
has_channels (gpointer link)
{
  return are_channels_open (link);
}

static void
not_reached (gpointer link)
{
  ((VmLink *) link)->files->no_server = TRUE;
}

static void
go_on (gpointer link)
{
  VmLink *self = link;

  self->owner->files_changed (self->controller);
}

static void
end_route (VmLink *self, VmFileRoute *route)
{
  g_autofree gchar *id = g_strdup (vm_file_route_get_id (route));

  VM_PLUGIN (vm_file_lane_forget) (self->files->lane, id);
  g_hash_table_remove (self->files->sent, id);
}

/* An answer to what the pad of @route has offered. */
static void
hand_back (VmLink *self, VmFileRoute *route, const GstStructure *message)
{
  g_autoptr (VmFilePad) pad = g_object_ref (vm_file_route_get_pad (route));

  if (vm_file_message_ends (message)
      && (vm_file_message_get_id (message) || is_of_receiver (message)))
    end_route (self, route);
  vm_file_pad_reply (pad, message, vm_participant_get_id (self->participant));
}

/* Over the socket of a transfer that is sent. */
static void
take_answer (gpointer link, const GstStructure *message)
{
  VmLink *self = link;
  const gchar *id = vm_file_message_get_id (message);
  VmFileRoute *route = id ? g_hash_table_lookup (self->files->sent, id) : NULL;

  if (route)
    hand_back (self, route, message);
}

static void
add_route (VmLink *self, VmFilePad *pad, const gchar *id)
{
  static const VmFileRouteFuncs funcs = { .has_channels = has_channels,
    .not_reached = not_reached,
    .go_on = go_on,
    .take = take_answer };
  GHashTable *sent = self->files->sent;
  VmFileRoute *route = g_hash_table_lookup (sent, id);

  if (route && vm_file_route_get_pad (route) == pad)
    return; /* it is offered again */
  g_hash_table_replace (sent, g_strdup (id),
      vm_file_route_new (&funcs, self, self->context, id, pad));
  g_free (self->files->last_sent);
  self->files->last_sent = g_strdup (id);
}

/* FALSE: it is to wait. */
static gboolean
put_on_channels (
    VmLink *self, VmFilePad *pad, const GstStructure *message, GBytes *data)
{
  VmLinkFiles *files = self->files;
  g_autoptr (GError) error = NULL;

  if (!are_channels_open (self)
      || (data && !VM_PLUGIN (vm_file_lane_has_room) (files->lane)))
    return FALSE;
  if (!VM_PLUGIN (vm_file_lane_put) (files->lane, message, data, &error)) {
    if (g_error_matches (error, VM_ERROR, VM_ERROR_RATE_LIMITED))
      return FALSE;
    vm_link_refuse_file (
        pad, message, vm_participant_get_id (self->participant), error);
  } else if (gst_structure_has_name (message, "FILE_OFFER")
             && vm_file_message_get_id (message)) {
    add_route (self, pad, vm_file_message_get_id (message));
  }
  return TRUE;
}

typedef struct
{
  GstBuffer *buffer;
  GstMapInfo map;
} Mapped;

static void
unmap (gpointer data)
{
  Mapped *mapped = data;

  gst_buffer_unmap (mapped->buffer, &mapped->map);
  gst_buffer_unref (mapped->buffer);
  g_free (mapped);
}

/* NULL: @buffer is no chunk. */
static GBytes *
read_chunk (GstBuffer *buffer, const GstStructure *message)
{
  Mapped *mapped;

  if (!gst_structure_has_name (message, "CHUNK_DATA"))
    return NULL;
  mapped = g_new (Mapped, 1);
  mapped->buffer = gst_buffer_ref (buffer);
  if (gst_buffer_map (buffer, &mapped->map, GST_MAP_READ))
    return g_bytes_new_with_free_func (
        mapped->map.data, mapped->map.size, unmap, mapped);
  gst_buffer_unref (buffer);
  g_free (mapped);
  return NULL;
}

/* FALSE: it is to wait. */
gboolean
vm_link_put_file (VmLink *self, VmFilePad *pad, GstBuffer *buffer)
{
  const GstStructure *message = vm_buffer_get_transfer_meta (buffer)->message;
  VmLinkFiles *files = get_files (self);
  const gchar *id = vm_file_message_get_id (message);
  VmFileRoute *route = id ? g_hash_table_lookup (files->sent, id) : NULL;
  g_autoptr (GBytes) data = NULL;
  g_autoptr (GError) error = NULL;

  if (gst_structure_has_name (message, "FILE_OFFER")
      && !may_be_sent_files (self, &error)) {
    vm_link_refuse_file (
        pad, message, vm_participant_get_id (self->participant), error);
    return TRUE;
  }
  data = read_chunk (buffer, message);
  if (route) {
    VmFileRouteResult result = vm_file_route_send (route, message, data);

    if (result != VM_FILE_ROUTE_CHANNELS)
      return result == VM_FILE_ROUTE_SENT;
  }
  return put_on_channels (self, pad, message, data);
}

/* Sound or pictures run to or from this participant. */
static gboolean
has_media (VmLink *self)
{
  gboolean media = FALSE;

  g_mutex_lock (&self->lock);
  for (guint i = 0; i < VM_PEER_N_STREAMS; i++)
    media |= self->outputs[i]
             || (self->sending && self->sending->codecs[i] != VM_CODEC_NONE);
  g_mutex_unlock (&self->lock);
  return media;
}

static gboolean
send_packet (VmLink *self, const gchar *label, GBytes *packet, gboolean text)
{
  gsize size;
  const gchar *bytes = g_bytes_get_data (packet, &size);
  g_autofree gchar *string = text ? g_strndup (bytes, size) : NULL;
  g_autoptr (GError) error = NULL;

  if (text ? vm_peer_send_message (self->now->peer, label, string, &error)
           : vm_peer_send_data (self->now->peer, label, packet, &error))
    return TRUE;
  GST_DEBUG ("nothing sent to %s on %s: %s",
      vm_participant_get_id (self->participant), label, error->message);
  return FALSE;
}

/* Whether anything was sent. */
static gboolean
pump_channel (VmLink *self, const gchar *label)
{
  gboolean media = has_media (self), text;
  guint n;

  for (n = 0; n < BURST_MAX; n++) {
    g_autoptr (GBytes) packet =
        VM_PLUGIN (vm_file_lane_next) (self->files->lane, label,
            vm_peer_get_buffered (self->now->peer, label), media, &text);

    if (!packet || !send_packet (self, label, packet, text))
      break;
  }
  return n > 0;
}

gboolean
vm_link_pump_files (VmLink *self)
{
  gboolean sent;

  if (!self->files || !self->now || self->closed)
    return FALSE;
  sent = pump_channel (self, VM_FILE_LANE_CONTROL);
  return pump_channel (self, VM_FILE_LANE_DATA) || sent;
}

/* --- in --- */

/* What has sent what @message answers, or NULL. A legacy peer need not say
 * which: that is the last that it was offered. */
static VmFileRoute *
find_route (VmLink *self, const GstStructure *message)
{
  const gchar *id = vm_file_message_get_id (message);

  if (is_of_sender (message))
    return NULL;
  if (!id)
    id = self->files->last_sent;
  return id ? g_hash_table_lookup (self->files->sent, id) : NULL;
}

/* Where the receiver's server is: on the address on which it was found to be,
 * and only for a device that has signed the connection. Returns: (transfer
 * full) (nullable) */
static gchar *
server_of (VmLink *self, const GstStructure *response)
{
  const VmLinkConfig *config = self->config;
  const gchar *address =
      self->now ? vm_peer_get_remote_address (self->now->peer) : NULL;
  gint64 port = 0;

  gst_structure_get_int64 (response, "port", &port);
  if (port <= 0 || port > G_MAXUINT16 || !address
      || !(config->paths & VM_PATH_DIRECT) || !config->file_wss
      || self->files->no_server || !vm_link_get_signer (self)
      || g_strcmp0 (gst_structure_get_string (response, "encoding"), "binary")
             != 0)
    return NULL;
  return g_strdup_printf (
      strchr (address, ':') ? "https://[%s]:%d" : "https://%s:%d", address,
      (gint) port);
}

static void
be_accepted (VmLink *self, VmFileRoute *route, const GstStructure *response)
{
  gboolean accept = FALSE;
  g_autofree gchar *server = NULL;

  gst_structure_get_boolean (response, "accept", &accept);
  if (!accept)
    return;
  server = server_of (self, response);
  vm_file_route_choose (route, server ? self->now->media : NULL, server);
}

/* Hears of a transfer of either side. */
static void
hear (VmLink *self, GstBuffer *buffer)
{
  const GstStructure *message = vm_buffer_get_transfer_meta (buffer)->message;
  VmFileRoute *route;

  if (gst_structure_has_name (message, "FILE_OFFER")) {
    vm_link_take_file_offer (self, buffer, message);
    return;
  }
  route = find_route (self, message);
  if (!route && is_of_receiver (message))
    return; /* of a file that is not sent any more */
  if (!route) {
    vm_link_receive_file (self, buffer);
    return;
  }
  if (gst_structure_has_name (message, "FILE_RESPONSE"))
    be_accepted (self, route, message);
  hand_back (self, route, message);
}

void
vm_link_take_file (VmLink *self, GBytes *data, gboolean text)
{
  VmLinkFiles *files = get_files (self);
  g_autoptr (GError) error = NULL;
  g_autoptr (GstBuffer) buffer =
      VM_PLUGIN (vm_file_lane_take) (files->lane, data, text, &error);

  if (buffer) {
    hear (self, buffer);
  } else if (g_error_matches (error, VM_ERROR, VM_ERROR_SIGNATURE)) {
    vm_link_tell_forged (self, error);
  } else if (error) {
    GST_DEBUG ("%s sends what is nothing of a file transfer: %s",
        vm_participant_get_id (self->participant), error->message);
    if (files->errors++ < ERRORS_MAX) {
      g_autoptr (GstStructure) s = vm_file_message_new_error (NULL, error);

      vm_link_answer_file (self, s);
    }
  }
}

/* --- the end --- */

void
vm_link_restart_files (VmLink *self)
{
  GHashTableIter iter;
  gpointer route;

  if (!self->files)
    return;
  VM_PLUGIN (vm_file_lane_clear) (self->files->lane);
  self->files->no_server = FALSE;
  if (self->closed)
    return;
  g_hash_table_iter_init (&iter, self->files->sent);
  while (g_hash_table_iter_next (&iter, NULL, &route))
    vm_file_route_lose_channels (route);
}

void
vm_link_drop_file_pad (VmLink *self, VmFilePad *pad)
{
  g_autoptr (GError) gone = g_error_new_literal (VM_ERROR,
      VM_ERROR_DISCONNECTED, "The sender has stopped, and may go on later");
  GHashTableIter iter;
  gpointer id, route;

  if (!self->files)
    return;
  g_hash_table_iter_init (&iter, self->files->sent);
  while (g_hash_table_iter_next (&iter, &id, &route)) {
    g_autoptr (GstStructure) s = vm_file_message_new_error (id, gone);

    if (vm_file_route_get_pad (route) != pad)
      continue;
    if (vm_file_route_send (route, s, NULL) == VM_FILE_ROUTE_SENT
        || !VM_PLUGIN (vm_file_lane_put) (self->files->lane, s, NULL, NULL))
      VM_PLUGIN (vm_file_lane_forget) (self->files->lane, id);
    g_hash_table_iter_remove (&iter);
  }
}

void
vm_link_end_files (VmLink *self)
{
  g_autoptr (GError) gone = NULL;
  VmLinkFiles *files = g_steal_pointer (&self->files);
  GHashTableIter iter;
  gpointer id, route;

  if (!files)
    return;
  gone = g_error_new (VM_ERROR, VM_ERROR_DISCONNECTED,
      "The connection to %s has ended",
      vm_participant_get_user (self->participant));
  g_hash_table_iter_init (&iter, files->sent);
  while (g_hash_table_iter_next (&iter, &id, &route)) {
    g_autoptr (GstStructure) s = vm_file_message_new_error (id, gone);

    vm_file_pad_reply (vm_file_route_get_pad (route), s,
        vm_participant_get_id (self->participant));
  }
  vm_timer_clear (&files->link_wait);
  vm_link_end_inbox (self, files, gone);
  g_hash_table_unref (files->received);
  g_hash_table_unref (files->sent);
  g_free (files->last_sent);
  g_object_unref (files->lane);
  g_free (files);
}
