/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "session/session-files-priv.h"

static void
item_free (gpointer data)
{
  VmtFileItem *item = data;

  g_free (item->participant);
  g_free (item->who);
  g_free (item->path);
  g_free (item->id);
  gst_clear_object (&item->pad);
  gst_clear_object (&item->element);
  g_clear_pointer (&item->last, gst_structure_free);
  g_clear_pointer (&item->planned, gst_structure_free);
  g_free (item->result);
  g_free (item);
}

static void
drop (VmtSessionFiles *self)
{
  if (self->keeper)
    vm_file_receiver_stop (self->keeper);
  g_clear_object (&self->keeper);
  g_ptr_array_unref (self->items);
  g_free (self);
}

VmtSessionFiles *
vmt_session_files_new (const VmtSessionFilesPlace *place, GError **error)
{
  const gchar *folder = place->options->files_dir;
  VmtSessionFiles *self;

  if (folder && !vmt_transfer_make_folder (folder, error))
    return NULL;
  self = g_new0 (VmtSessionFiles, 1);
  self->place = *place;
  self->items = g_ptr_array_new_with_free_func (item_free);
  if (folder && place->options->quota) {
    self->keeper = vm_file_receiver_new (folder);
    if (!vm_file_receiver_start (self->keeper, error)) {
      drop (self);
      return NULL;
    }
  }
  vmt_session_files_watch (self);
  if (place->options->files)
    self->spare =
        gst_element_request_pad_simple (place->signalbin, "file_sink_%u");
  return self;
}

void
vmt_session_files_free (VmtSessionFiles *self)
{
  g_signal_handlers_disconnect_by_data (self->place.signalbin, self);
  gst_clear_object (&self->spare);
  drop (self);
}

/* The list */

VmtFileItem *
vmt_session_files_find (
    VmtSessionFiles *self, VmtFileTest fits, gconstpointer what)
{
  for (guint i = 0; i < self->items->len; i++)
    if (fits (self->items->pdata[i], what))
      return self->items->pdata[i];
  return NULL;
}

guint
vmt_session_files_count (
    VmtSessionFiles *self, VmtFileTest fits, gconstpointer what)
{
  guint n = 0;

  for (guint i = 0; i < self->items->len; i++)
    n += fits (self->items->pdata[i], what);
  return n;
}

static gboolean
has_sender (const VmtFileItem *item, gconstpointer element)
{
  return item->sending && item->element == element;
}

typedef struct
{
  const gchar *participant, *id;
} Received;

static gboolean
is_received (const VmtFileItem *item, gconstpointer what)
{
  const Received *received = what;

  return !item->sending
         && g_str_equal (item->participant, received->participant)
         && g_strcmp0 (item->id, received->id) == 0;
}

gboolean
vmt_file_item_is_asked (const VmtFileItem *item, gconstpointer unused)
{
  return !item->sending && !item->result
         && item->state == VM_TRANSFER_STATE_PENDING;
}

static gboolean
is_waiting (const VmtFileItem *item, gconstpointer unused)
{
  return item->sending && !item->result && !item->element;
}

static gboolean
is_over (const VmtFileItem *item, gconstpointer unused)
{
  return item->result && !item->element;
}

static gboolean
is_asked_by (const VmtFileItem *item, gconstpointer participant)
{
  return vmt_file_item_is_asked (item, NULL)
         && g_str_equal (item->participant, participant);
}

static gboolean
has_pad (const VmtFileItem *item, gconstpointer unused)
{
  return item->pad != NULL;
}

VmtFileItem *
vmt_session_files_add (
    VmtSessionFiles *self, gboolean sending, const gchar *participant)
{
  VmtFileItem *item = g_new0 (VmtFileItem, 1);

  item->number = ++self->count;
  item->sending = sending;
  item->participant = g_strdup (participant);
  item->who = vmt_roster_get_name (self->place.roster, participant);
  g_ptr_array_add (self->items, item);
  while (vmt_session_files_count (self, is_over, NULL) > VMT_FILES_OVER_MAX)
    g_ptr_array_remove (
        self->items, vmt_session_files_find (self, is_over, NULL));
  return item;
}

/* What is told */

static void
add_whose (JsonObject *event, const VmtFileItem *item)
{
  json_object_set_int_member (event, "number", item->number);
  vmt_event_add_string (event, "participant", item->participant);
  vmt_event_add_string (event, "user", item->who);
}

const GstStructure *
vmt_file_item_transfer (const VmtFileItem *item)
{
  return item->last ? item->last : item->planned;
}

JsonObject *
vmt_file_item_event (const VmtFileItem *item)
{
  JsonObject *event = vmt_transfer_event (vmt_file_item_transfer (item));

  add_whose (event, item);
  return event;
}

gchar *
vmt_file_item_name (const VmtFileItem *item)
{
  return vmt_transfer_name (vmt_file_item_transfer (item));
}

void
vmt_file_item_say_over (VmtSessionFiles *self, const VmtFileItem *item,
    gboolean good, const gchar *code, const gchar *result)
{
  g_autofree gchar *text = g_strdup_printf (
      "%s %s: %s", item->sending ? "To" : "From", item->who, result);

  vmt_output_ticker (self->place.output, NULL);
  /* for who has come for that alone */
  if (!good && item->sending && self->place.options->files)
    vmt_output_error (self->place.output, code, text);
  else
    vmt_output_line (
        self->place.output, good ? VMT_STYLE_GOOD : VMT_STYLE_BAD, "%s", text);
}

/* @result: as of vmt_file_item_say_over(), and taken. What fails while the user
 * leaves has not failed by itself. */
static void
finish (VmtSessionFiles *self, VmtFileItem *item, gboolean good,
    const gchar *code, gchar *result)
{
  if (item->sending && !good && *self->place.given_up) {
    g_autofree gchar *name = vmt_file_item_name (item);

    g_free (result);
    result = g_strdup_printf (
        "%s is not whole there; when it is sent again, it goes on", name);
  }
  item->result = result;
  item->ticks = 0;
  if (item->sending && !good)
    self->failed++;
  vmt_file_item_say_over (self, item, good, code, result);
}

void
vmt_file_item_fail (
    VmtSessionFiles *self, VmtFileItem *item, VmError code, const gchar *why)
{
  GstStructure *failed = gst_structure_copy (vmt_file_item_transfer (item));
  g_autofree gchar *name = vmt_file_item_name (item);

  gst_structure_set (failed, "state", VM_TYPE_TRANSFER_STATE,
      VM_TRANSFER_STATE_FAILED, "code", G_TYPE_STRING, vm_error_to_code (code),
      "message", G_TYPE_STRING, why, NULL);
  gst_structure_remove_field (failed, "queue");
  g_clear_pointer (&item->last, gst_structure_free);
  item->last = failed;
  vmt_output_event (self->place.output, vmt_file_item_event (item));
  finish (self, item, FALSE, vm_error_to_code (code),
      g_strdup_printf ("%s: %s", name, why));
}

/* What the elements say */

/* NULL: one too many, of which nothing is said. */
static VmtFileItem *
find_received (VmtSessionFiles *self, GstElement *sink,
    const gchar *participant, const GstStructure *transfer)
{
  const Received received = { participant,
    gst_structure_get_string (transfer, "transferId") };
  VmtFileItem *item = vmt_session_files_find (self, is_received, &received);
  VmTransferState state = VM_TRANSFER_STATE_PENDING;

  gst_structure_get (transfer, "state", VM_TYPE_TRANSFER_STATE, &state, NULL);
  if (item && (!item->result || state != VM_TRANSFER_STATE_PENDING))
    return item;
  /* over, and another has its id now */
  if (item)
    g_clear_pointer (&item->id, g_free);
  if (vmt_session_files_count (self, is_asked_by, participant)
      >= VMT_FILES_ASKED_MAX) {
    g_signal_emit_by_name (
        sink, "decline", received.id, "Too many files are offered at once");
    return NULL;
  }
  item = vmt_session_files_add (self, FALSE, participant);
  item->id = g_strdup (received.id);
  item->element = gst_object_ref (sink);
  return item;
}

static void
tell (VmtSessionFiles *self, VmtFileItem *item, const GstStructure *transfer)
{
  VmTransferState before = item->state;
  gboolean first = !item->last, good = FALSE;
  g_autofree gchar *text = NULL, *warning = NULL;

  g_clear_pointer (&item->last, gst_structure_free);
  item->last = gst_structure_copy (transfer);
  gst_structure_get (
      transfer, "state", VM_TYPE_TRANSFER_STATE, &item->state, NULL);
  if (!item->id)
    item->id = g_strdup (gst_structure_get_string (transfer, "transferId"));
  vmt_output_event (self->place.output, vmt_file_item_event (item));
  vmt_transfer_follow (transfer, &item->rate);
  text = vmt_transfer_result (transfer, &item->rate, &good);
  if (text) {
    finish (self, item, good, gst_structure_get_string (transfer, "code"),
        g_steal_pointer (&text));
    return;
  }
  if (!item->sending && item->state == VM_TRANSFER_STATE_PENDING
      && (first || before != VM_TRANSFER_STATE_PENDING))
    vmt_file_item_ask (self, item);
  warning = vmt_transfer_warning (transfer, &item->rate);
  if (warning)
    vmt_output_warning (self->place.output, NULL, warning);
  text = vmt_session_files_progress (self);
  vmt_output_ticker (self->place.output, text);
}

static void
take_transfer (VmtSessionFiles *self, GstElement *element,
    const gchar *participant, const GstStructure *transfer)
{
  VmtFileItem *item = vmt_session_files_find (self, has_sender, element);

  if (!item
      && g_strcmp0 (gst_structure_get_string (transfer, "direction"), "receive")
             == 0)
    item = find_received (self, element, participant, transfer);
  if (item && !item->result)
    tell (self, item, transfer);
}

/* One that failed has mostly said so; one that could not begin has not. */
static void
take_error (VmtSessionFiles *self, GstMessage *message)
{
  VmtFileItem *item =
      vmt_session_files_find (self, has_sender, GST_MESSAGE_SRC (message));
  gboolean sink = g_str_equal (
      G_OBJECT_TYPE_NAME (GST_MESSAGE_SRC (message)), "VmFileSink");
  g_autoptr (GError) error = NULL;
  g_autofree gchar *text = NULL;

  gst_message_parse_error (message, &error, NULL);
  if (item && !item->result)
    vmt_file_item_fail (self, item, VM_ERROR_FAILED, error->message);
  if (!sink)
    return;
  text = g_strdup_printf ("No files can be received: %s", error->message);
  vmt_output_warning (self->place.output, NULL, text);
}

/* Its vmfilesink is gone, and with it what was not over. */
static void
take_gone (VmtSessionFiles *self, gpointer element)
{
  for (guint i = 0; i < self->items->len; i++) {
    VmtFileItem *item = self->items->pdata[i];
    g_autofree gchar *why = NULL;

    if (item->sending || item->element != element)
      continue;
    why = g_strdup_printf ("The connection to %s has ended", item->who);
    if (!item->result)
      vmt_file_item_fail (self, item, VM_ERROR_DISCONNECTED, why);
    gst_clear_object (&item->element);
  }
}

gboolean
vmt_session_files_take (VmtSessionFiles *self, GstMessage *message)
{
  GstObject *source = GST_MESSAGE_SRC (message);
  const gchar *participant = vmt_session_files_participant (source);
  const GstStructure *s = gst_message_get_structure (message);

  if (!participant)
    return FALSE;
  switch (GST_MESSAGE_TYPE (message)) {
    case GST_MESSAGE_ELEMENT:
      if (s && gst_structure_has_name (s, "vm-transfer"))
        take_transfer (self, GST_ELEMENT (source), participant, s);
      return TRUE;
    case GST_MESSAGE_APPLICATION:
      take_gone (self, source);
      return TRUE;
    case GST_MESSAGE_ERROR:
      take_error (self, message);
      return TRUE;
    case GST_MESSAGE_WARNING:
      /* of a transfer that has failed, which has said so */
      return TRUE;
    default:
      return FALSE;
  }
}

void
vmt_session_files_left (VmtSessionFiles *self, const gchar *id)
{
  for (guint i = 0; i < self->items->len; i++) {
    VmtFileItem *item = self->items->pdata[i];
    g_autofree gchar *why = g_strdup_printf ("%s has left", item->who);

    /* what has begun is told by its element */
    if (item->sending && !item->result
        && item->state == VM_TRANSFER_STATE_PENDING
        && g_str_equal (item->participant, id))
      vmt_file_item_fail (self, item, VM_ERROR_DISCONNECTED, why);
  }
}

static gboolean
has_share (const VmtFileItem *item, gconstpointer unused)
{
  return item->sending && item->element && !item->result;
}

/* Those that are on their way have equal parts of it. */
static void
share_rate (VmtSessionFiles *self)
{
  guint64 rate = self->place.options->max_bitrate;
  guint n = vmt_session_files_count (self, has_share, NULL);

  for (guint i = 0; rate && i < self->items->len; i++) {
    VmtFileItem *item = self->items->pdata[i];

    if (has_share (item, NULL) && item->shared_by != n) {
      item->shared_by = n;
      g_object_set (
          item->element, "max-bitrate", MAX (rate / n, (guint64) 1), NULL);
    }
  }
}

static gboolean
has_pad_for (const VmtFileItem *item, gconstpointer participant)
{
  return has_pad (item, NULL) && g_str_equal (item->participant, participant);
}

/* Of those that wait, one for whom the fewest are on their way, the first of
 * those: who does not answer holds up nobody else. NULL: none waits. */
static VmtFileItem *
find_next (VmtSessionFiles *self)
{
  VmtFileItem *next = NULL;
  guint fewest = G_MAXUINT;

  for (guint i = 0; i < self->items->len; i++) {
    VmtFileItem *item = self->items->pdata[i];
    guint n;

    if (!is_waiting (item, NULL))
      continue;
    n = vmt_session_files_count (self, has_pad_for, item->participant);
    if (n >= fewest)
      continue;
    fewest = n;
    next = item;
  }
  return next;
}

void
vmt_session_files_start_next (VmtSessionFiles *self)
{
  VmtFileItem *item;

  while (vmt_session_files_count (self, has_pad, NULL) < VMT_FILES_SENT_MAX
         && (item = find_next (self))) {
    if (vmt_file_item_start (self, item))
      continue;
    vmt_file_item_stop (self, item);
    vmt_file_item_fail (
        self, item, VM_ERROR_FAILED, "The element vmfilesrc does not start");
  }
  share_rate (self);
}

/* A file that is over keeps its pad for a tick, for what it has said last. */
void
vmt_session_files_tick (VmtSessionFiles *self)
{
  for (guint i = 0; i < self->items->len; i++) {
    VmtFileItem *item = self->items->pdata[i];

    if (!item->result || item->ticks++ == 0)
      continue;
    if (item->sending)
      vmt_file_item_stop (self, item);
    else
      gst_clear_object (&item->element);
  }
  vmt_session_files_start_next (self);
  vmt_session_files_decline_all (self);
}
