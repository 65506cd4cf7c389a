/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What a link does with files that its participant sends: who may offer one, to
 * which pad they go, and the answers. Control thread. */

#include "link/vmlink-files-priv.h"
#include "plugin/plugin.h"
#include "node/node-priv.h"

#define GST_CAT_DEFAULT vm_signal_debug

/* A pad that is linked later than this after it came receives nothing of what
 * was offered before. If nobody links it, a sink that is free gets the files.
 */
#define LINK_WAIT_MS 2000
/* Why a file is declined; the page knows the first one
 * (tools/web/view/words.js). */
#define NOBODY "Nobody receives files here"
#define UNTRUSTED "This device is not trusted with files there"

typedef struct
{
  VmFileInlet *inlet; /* NULL: the data channels alone */
  gboolean by_socket; /* the last message of the sender came so */
} VmLinkReceived;

typedef struct
{
  VmLink *link;
  GstStructure *message;
} Reply;

static void
reply_free (gpointer data)
{
  Reply *reply = data;

  g_object_unref (reply->link);
  gst_structure_free (reply->message);
  g_free (reply);
}

/* Over the socket, if the sender has opened one. */

void
vm_link_received_free (gpointer data)
{
  VmLinkReceived *received = data;

  if (received->inlet)
    VM_PLUGIN (vm_file_inlet_close) (received->inlet);
  g_clear_object (&received->inlet);
  g_free (received);
}

/* NULL: there is no such transfer. */
static VmLinkReceived *
find_received (VmLink *self, const gchar *id)
{
  return id ? g_hash_table_lookup (self->files->received, id) : NULL;
}

static void
end_received (VmLink *self, const gchar *id)
{
  VM_PLUGIN (vm_file_lane_forget) (self->files->lane, id);
  g_hash_table_remove (self->files->received, id);
}

/* Who sends hears the answers on the lane that it has spoken on last: it knows
 * before this side that a lane is gone. */
static void
receive (VmLink *self, GstBuffer *buffer, gboolean by_socket)
{
  const GstStructure *message = vm_buffer_get_transfer_meta (buffer)->message;
  const gchar *id = vm_file_message_get_id (message);
  VmLinkReceived *received = find_received (self, id);

  if (received)
    received->by_socket = by_socket;
  if (self->files->output)
    vm_file_output_push (self->files->output, buffer);
  if (id && vm_file_message_ends (message))
    end_received (self, id);
}

void
vm_link_receive_file (VmLink *self, GstBuffer *buffer)
{
  receive (self, buffer, FALSE);
}

static void
on_inlet (VmFileInlet *inlet, GstBuffer *buffer, VmLink *self)
{
  receive (self, buffer, TRUE);
}

/* From whom the file may come over this device's server as well; or NULL. */
static const gchar *
may_invite (VmLink *self, const GstStructure *message)
{
  const VmLinkConfig *config = self->config;
  const gchar *id = vm_file_message_get_id (message);
  gboolean accept = FALSE;

  gst_structure_get_boolean (message, "accept", &accept);
  if (!gst_structure_has_name (message, "FILE_RESPONSE") || !accept || !id
      || !(config->paths & VM_PATH_DIRECT) || !config->file_wss
      || g_strcmp0 (gst_structure_get_string (message, "encoding"), "binary")
             != 0
      || !find_received (self, id))
    return NULL;
  return vm_link_get_signer (self);
}

/* The answer to an offer with where the server is. Returns: (transfer full)
 * (nullable): NULL: as it was */
static GstStructure *
invite (VmLink *self, const GstStructure *message)
{
  const gchar *device = may_invite (self, message);
  const gchar *id = vm_file_message_get_id (message);
  VmLinkReceived *received;
  GstStructure *s;
  guint16 port;

  if (!device || !(port = self->owner->serve_files (self->controller)))
    return NULL;
  received = find_received (self, id);
  if (!received->inlet) {
    received->inlet =
        VM_PLUGIN (vm_node_add_file_inlet) (self->node, device, id);
    if (!received->inlet)
      return NULL;
    g_signal_connect (received->inlet, "message", G_CALLBACK (on_inlet), self);
  }
  s = gst_structure_copy (message);
  gst_structure_set (s, "port", G_TYPE_INT64, (gint64) port, NULL);
  return s;
}

void
vm_link_answer_file (VmLink *self, const GstStructure *message)
{
  const gchar *id = vm_file_message_get_id (message);
  g_autoptr (GstStructure) invitation = NULL;
  g_autoptr (GError) error = NULL;
  VmLinkReceived *received;

  if (self->closed || !self->files)
    return;
  invitation = invite (self, message);
  received = find_received (self, id);
  if (!(received && received->by_socket
          && VM_PLUGIN (vm_file_inlet_send) (received->inlet, message))
      && !VM_PLUGIN (vm_file_lane_put) (
          self->files->lane, invitation ? invitation : message, NULL, &error))
    GST_DEBUG ("an answer to %s is dropped: %s",
        vm_participant_get_id (self->participant), error->message);
  if (id && vm_file_message_ends (message))
    g_hash_table_remove (self->files->received, id);
  self->owner->files_changed (self->controller);
}

static gboolean
on_reply (gpointer user_data)
{
  Reply *reply = user_data;

  vm_link_answer_file (reply->link, reply->message);
  return G_SOURCE_REMOVE;
}

/* Any thread. */
static void
take_reply (const GstStructure *message, gpointer user_data)
{
  VmLink *self = user_data;
  Reply *reply = g_new (Reply, 1);

  reply->link = g_object_ref (self);
  reply->message = gst_structure_copy (message);
  self->owner->invoke (self->controller, on_reply, reply, reply_free);
}

static void
decline (VmLink *self, const GstStructure *offer, const gchar *reason)
{
  g_autoptr (GstStructure) s = gst_structure_new ("FILE_RESPONSE", "accept",
      G_TYPE_BOOLEAN, FALSE, "transferId", G_TYPE_STRING,
      vm_file_message_get_id (offer), "reason", G_TYPE_STRING, reason, NULL);

  vm_link_answer_file (self, s);
}

/* In another word than that of a user who does not want the file; who knows the
 * base messages alone would not understand it. */
static void
refuse (VmLink *self, const GstStructure *offer)
{
  g_autoptr (GError) error =
      g_error_new_literal (VM_ERROR, VM_ERROR_NOT_TRUSTED, UNTRUSTED);
  g_autoptr (GstStructure) s =
      vm_file_message_new_error (vm_file_message_get_id (offer), error);

  if (gst_structure_has_field (offer, "encodings"))
    vm_link_answer_file (self, s);
  else
    decline (self, offer, UNTRUSTED);
}

static gboolean
on_not_linked (gpointer user_data)
{
  VmLink *self = user_data;
  VmLinkFiles *files = self->files;

  vm_timer_clear (&files->link_wait);
  if (!vm_file_output_is_wanted (files->output)
      && !self->bin_funcs->link_free_sink (self->bin, files->pad)) {
    g_autoptr (GPtrArray) offers = vm_file_output_take_offers (files->output);

    for (guint i = 0; i < offers->len; i++)
      decline (self, vm_buffer_get_transfer_meta (offers->pdata[i])->message,
          NOBODY);
  }
  return G_SOURCE_REMOVE;
}

/* Who sends, as it can be relied on: the device that has signed its part of the
 * connection; else whoever has that seat. */
static const gchar *
sender_of (VmLink *self)
{
  const gchar *device = vm_link_get_signer (self);

  return device ? device : vm_participant_get_id (self->participant);
}

static gboolean
make_output (VmLink *self)
{
  VmLinkFiles *files = self->files;
  const gchar *id = vm_participant_get_id (self->participant);
  g_autofree gchar *name = g_strdup_printf ("%s-files-%u", id, self->slot);

  if (files->output)
    return TRUE;
  if (self->slot == VM_SLOT_NONE || !self->owner->is_playing (self->controller))
    return FALSE;
  files->output = gst_object_ref_sink (vm_file_output_new (name,
      sender_of (self), id, take_reply, g_object_ref (self), g_object_unref));
  files->pad = self->bin_funcs->add_output (self->bin,
      GST_ELEMENT (files->output), "file", self->slot, self->participant);
  return TRUE;
}

/* Once a link: it would be asked again and again. */
static void
tell_refused (VmLink *self, const GError *error)
{
  if (self->files->told_refused)
    return;
  self->files->told_refused = TRUE;
  GST_ELEMENT_WARNING_WITH_DETAILS (self->bin, RESOURCE, NOT_AUTHORIZED,
      ("A file is declined: %s", error->message), (NULL),
      ("participant-id", G_TYPE_STRING,
          vm_participant_get_id (self->participant), "code", G_TYPE_STRING,
          vm_error_to_code (error->code), NULL));
}

void
vm_link_take_file_offer (
    VmLink *self, GstBuffer *buffer, const GstStructure *offer)
{
  VmLinkFiles *files = self->files;
  g_autoptr (GError) error = NULL;

  if (!vm_link_may_offer_files (self, &error)) {
    tell_refused (self, error);
    refuse (self, offer);
    return;
  }
  if (g_hash_table_size (files->received) >= VM_FILE_LANE_TRANSFERS_MAX
      || !make_output (self) || !vm_file_output_push (files->output, buffer)) {
    decline (self, offer, NOBODY);
    return;
  }
  if (!find_received (self, vm_file_message_get_id (offer)))
    g_hash_table_insert (files->received,
        g_strdup (vm_file_message_get_id (offer)), g_new0 (VmLinkReceived, 1));
  if (!vm_file_output_is_wanted (files->output) && !files->link_wait)
    files->link_wait =
        vm_timer_new (self->context, LINK_WAIT_MS, on_not_linked, self);
}

void
vm_link_end_inbox (VmLink *self, VmLinkFiles *files, const GError *gone)
{
  GHashTableIter iter;
  gpointer id;

  if (!files->output)
    return;
  g_hash_table_iter_init (&iter, files->received);
  while (g_hash_table_iter_next (&iter, &id, NULL)) {
    g_autoptr (GstBuffer) buffer = gst_buffer_new ();

    vm_buffer_add_transfer_meta (buffer, vm_file_message_new_error (id, gone));
    vm_file_output_push (files->output, buffer);
  }
  self->bin_funcs->end_output (
      self->bin, files->pad, GST_ELEMENT (files->output), self->context);
  gst_object_unref (files->output);
  gst_object_unref (files->pad);
}
