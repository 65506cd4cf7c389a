/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What the user wants of the files of a meeting, and is asked. */

#include "session/session-files-priv.h"
#include "session/session-trust.h"
#include "ui/digits.h"

static void
warn (VmtSessionFiles *self, VmError code, const gchar *text)
{
  vmt_output_warning (self->place.output, vm_error_to_code (code), text);
}

/* Sending */

/* As it will be offered by somebody else; NULL: it cannot be sent, which is
 * said. (transfer full) */
static GstStructure *
plan_file (VmtSessionFiles *self, const gchar *path)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (VmFileSender) sender =
      vm_file_sender_new (path, VM_FILE_CHUNK_SIZE, &error);
  g_autofree gchar *safe = NULL, *text = NULL;
  GstStructure *planned = sender ? vm_file_sender_describe (sender) : NULL;

  if (planned) {
    gst_structure_remove_field (planned, "transferId");
    gst_structure_set (planned, "queue", G_TYPE_STRING, "waiting", NULL);
    return planned;
  }
  safe = vmt_text_safe (path);
  text = g_strdup_printf ("%s is not sent: %s", safe, error->message);
  vmt_output_warning (self->place.output, vm_error_get_code (error), text);
  return NULL;
}

/* "~/a": nobody else would read it where this is typed. */
static gchar *
path_of (const gchar *typed)
{
  return g_str_has_prefix (typed, "~/")
             ? g_build_filename (g_get_home_dir (), typed + 2, NULL)
             : g_strdup (typed);
}

static gboolean
is_sent (const VmtFileItem *item, gconstpointer unused)
{
  return item->sending && !item->result;
}

/* (transfer full): ids */
static GPtrArray *
list_receivers (VmtSessionFiles *self, const gchar *to)
{
  GPtrArray *ids;

  if (!to)
    return vmt_roster_list_present (self->place.roster);
  ids = g_ptr_array_new_with_free_func (g_free);
  g_ptr_array_add (ids, g_strdup (to));
  return ids;
}

static gboolean
has_room (VmtSessionFiles *self, guint n)
{
  return vmt_session_files_count (self, is_sent, NULL) + n
         <= VMT_FILES_WAITING_MAX;
}

gboolean
vmt_session_files_have_room (VmtSessionFiles *self, const gchar *to)
{
  g_autoptr (GPtrArray) ids = list_receivers (self, to);

  return has_room (self, ids->len);
}

/* As plan_file(), to so many. */
static GstStructure *
plan (VmtSessionFiles *self, const gchar *path, guint n)
{
  if (n && has_room (self, n))
    return plan_file (self, path);
  if (n)
    warn (self, VM_ERROR_RATE_LIMITED,
        "Too many files wait to be sent; /files shows them.");
  else
    warn (self, VM_ERROR_UNROUTABLE, "Nobody else is here.");
  return NULL;
}

void
vmt_session_files_send (
    VmtSessionFiles *self, const gchar *typed, const gchar *to)
{
  g_autofree gchar *path = path_of (typed);
  g_autoptr (GPtrArray) ids = list_receivers (self, to);
  g_autoptr (GstStructure) planned = plan (self, path, ids->len);

  if (!planned) {
    self->failed++;
    return;
  }
  for (guint i = 0; i < ids->len; i++) {
    VmtFileItem *item = vmt_session_files_add (self, TRUE, ids->pdata[i]);
    g_autofree gchar *name = NULL;

    item->path = g_strdup (path);
    item->planned = gst_structure_copy (planned);
    name = vmt_file_item_name (item);
    vmt_output_line (self->place.output, VMT_STYLE_FAINT,
        "File %u, “%s”, goes to %s.", item->number, name, item->who);
  }
  vmt_session_files_start_next (self);
}

/* Receiving */

static void
decline (VmtFileItem *item, const gchar *reason)
{
  g_signal_emit_by_name (item->element, "decline", item->id, reason);
}

void
vmt_session_files_decline_all (VmtSessionFiles *self)
{
  VmtFileItem *first =
      vmt_session_files_find (self, vmt_file_item_is_asked, NULL);

  if (!*self->place.typed_over || !first
      || self->place.options->accept != VM_ACCEPT_ASK)
    return;
  warn (self, VM_ERROR_NOT_TRUSTED,
      "A file is declined: there is nobody to ask. Run this at a terminal, or "
      "with --accept auto.");
  for (guint i = 0; i < self->items->len; i++)
    if (vmt_file_item_is_asked (self->items->pdata[i], NULL))
      decline (self->items->pdata[i], "Nobody is there to ask");
}

/* Whether a plain line may answer the file that is asked about now. */
static gboolean
is_plain (VmtSessionFiles *self)
{
  return !*self->place.typed_over
         && vmt_session_files_count (self, vmt_file_item_is_asked, NULL) == 1
         && (!self->place.is_free
             || self->place.is_free (self->place.user_data));
}

void
vmt_file_item_ask (VmtSessionFiles *self, VmtFileItem *item)
{
  g_autofree gchar *name = vmt_file_item_name (item), *size = NULL;
  guint64 bytes = 0;

  if (self->place.options->accept != VM_ACCEPT_ASK)
    return;
  gst_structure_get_uint64 (item->last, "size", &bytes);
  size = g_format_size (bytes);
  self->plain = is_plain (self) ? item->number : 0;
  self->plain_us = g_get_monotonic_time ();
  vmt_output_line (self->place.output, VMT_STYLE_STRONG,
      "“%s” sends “%s” (%s): %s/accept %u or /decline %u", item->who, name,
      size, self->plain ? "take it? [y/n] Or type " : "", item->number,
      item->number);
  vmt_session_files_decline_all (self);
}

/* The user */

gchar *
vmt_session_files_progress (VmtSessionFiles *self)
{
  VmtFileItem *shown = NULL;
  guint more = 0;
  g_autofree gchar *text = NULL;

  for (guint i = 0; i < self->items->len; i++) {
    VmtFileItem *item = self->items->pdata[i];

    if (item->result || !item->last || vmt_file_item_is_asked (item, NULL))
      continue;
    if (shown)
      more++;
    if (!shown || shown->state != VM_TRANSFER_STATE_TRANSFERRING)
      shown = item;
  }
  if (!shown)
    return NULL;
  text = vmt_transfer_progress (shown->last, &shown->rate);
  return more ? g_strdup_printf ("%s  (%u more)", text, more)
              : g_steal_pointer (&text);
}

static gchar *
words_of (VmtFileItem *item)
{
  g_autofree gchar *name = NULL;

  if (item->result)
    return g_strdup (item->result);
  if (item->last)
    return vmt_transfer_progress (item->last, &item->rate);
  name = vmt_file_item_name (item);
  return g_strdup_printf ("%s  waits for its turn", name);
}

void
vmt_session_files_show (VmtSessionFiles *self)
{
  JsonObject *event = vmt_event_new ("files");
  JsonArray *array = json_array_new ();

  for (guint i = 0; i < self->items->len; i++) {
    VmtFileItem *item = self->items->pdata[i];
    g_autofree gchar *words = words_of (item);

    json_array_add_object_element (array, vmt_file_item_event (item));
    vmt_output_line (self->place.output, VMT_STYLE_PLAIN, "  %u  %s %s: %s",
        item->number, item->sending ? "to" : "from", item->who, words);
  }
  json_object_set_array_member (event, "transfers", array);
  vmt_output_event (self->place.output, event);
  if (!self->items->len)
    vmt_output_line (self->place.output, VMT_STYLE_PLAIN,
        "No files were sent here, and none were offered.");
}

static void
act_on_sent (VmtSessionFiles *self, VmtFileItem *item, VmtTypedVerb verb)
{
  if (verb != VMT_TYPED_CANCEL) {
    if (item->element)
      g_object_set (item->element, "paused", verb == VMT_TYPED_PAUSE, NULL);
    else
      warn (self, VM_ERROR_BAD_REQUEST,
          "That file waits for its turn; /cancel stops it.");
  } else if (item->last)
    g_signal_emit_by_name (item->element, "cancel");
  else
    vmt_file_item_fail (self, item, VM_ERROR_CANCELLED, "It was cancelled");
}

static void
act_on_received (VmtFileItem *item, VmtTypedVerb verb)
{
  static const gchar *const actions[] = {
    [VMT_TYPED_ACCEPT] = "accept",
    [VMT_TYPED_CANCEL] = "cancel",
    [VMT_TYPED_PAUSE] = "pause",
    [VMT_TYPED_RESUME] = "resume",
  };

  if (verb == VMT_TYPED_DECLINE)
    decline (item, "It is not wanted");
  else
    g_signal_emit_by_name (item->element, actions[verb], item->id);
}

static gboolean
has_number (const VmtFileItem *item, gconstpointer number)
{
  return item->number == *(const guint *) number;
}

void
vmt_session_files_obey (VmtSessionFiles *self, VmtTypedVerb verb, guint number)
{
  gboolean answer = verb == VMT_TYPED_ACCEPT || verb == VMT_TYPED_DECLINE;
  VmtFileItem *item =
      number ? vmt_session_files_find (self, has_number, &number)
             : vmt_session_files_find (self, vmt_file_item_is_asked, NULL);

  if (!item || item->result
      || (answer && !vmt_file_item_is_asked (item, NULL))) {
    warn (self, VM_ERROR_NOT_FOUND,
        answer ? "No such file waits for an answer; /files shows those there "
                 "are."
               : "No such file is on its way; /files shows those there are.");
    return;
  }
  if (item->sending)
    act_on_sent (self, item, verb);
  else
    act_on_received (item, verb);
}

gboolean
vmt_session_files_answer (VmtSessionFiles *self, gboolean yes, gint64 now)
{
  guint number = self->plain;
  VmtFileItem *item =
      number ? vmt_session_files_find (self, has_number, &number) : NULL;

  self->plain = 0;
  if (!item || !vmt_file_item_is_asked (item, NULL)
      || now - self->plain_us < VMT_LOOK_TIME)
    return FALSE;
  vmt_output_line (self->place.output, VMT_STYLE_FAINT,
      yes ? "You take file %u. Nothing was said to the others."
          : "You decline file %u. Nothing was said to the others.",
      number);
  act_on_received (item, yes ? VMT_TYPED_ACCEPT : VMT_TYPED_DECLINE);
  return TRUE;
}

void
vmt_session_files_put_off (VmtSessionFiles *self)
{
  self->plain = 0;
}

/* Whoever says no more than yes or no may have meant a file. */
void
vmt_session_files_said (VmtSessionFiles *self, const gchar *text)
{
  VmtFileItem *item =
      vmt_session_files_find (self, vmt_file_item_is_asked, NULL);
  gboolean yes;

  self->plain = 0;
  if (item && self->place.options->accept == VM_ACCEPT_ASK
      && vmt_answer_parse (text, &yes))
    vmt_output_line (self->place.output, VMT_STYLE_FAINT,
        "That was said to the others. File %u waits still: /accept %u or "
        "/decline %u",
        item->number, item->number, item->number);
}

static gboolean
is_busy (const VmtFileItem *item, gconstpointer unused)
{
  return item->sending && (!item->result || item->element);
}

gboolean
vmt_session_files_are_busy (VmtSessionFiles *self)
{
  return vmt_session_files_count (self, is_busy, NULL) > 0;
}

gboolean
vmt_session_files_are_sent (VmtSessionFiles *self)
{
  return !self->failed && vmt_session_files_count (self, is_sent, NULL) == 0;
}

void
vmt_session_files_end (VmtSessionFiles *self)
{
  for (guint i = 0; i < self->items->len; i++) {
    VmtFileItem *item = self->items->pdata[i];
    g_autofree gchar *name = vmt_file_item_name (item);
    g_autofree gchar *result = g_strdup_printf ("%s was not finished.", name);

    if (!item->result)
      vmt_file_item_say_over (
          self, item, FALSE, vm_error_to_code (VM_ERROR_DISCONNECTED), result);
  }
}
