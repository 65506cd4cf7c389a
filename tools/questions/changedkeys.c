/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "questions/changedkeys.h"
#include "ui/digits.h"

#include <string.h>

typedef struct
{
  gchar *name; /* of the user of the known one; may be that of its device */
  gchar *user, *device; /* the names that it bears */
  gchar *since; /* the day when that was first seen */
  gchar *old_id, *new_id; /* the latter may be NULL */
  gboolean met, accepted;
} Changed;

struct _VmtChangedKeys
{
  VmTrustStore *store; /* not owned, likewise: */
  VmtOutput *output;
  GPtrArray *all; /* of Changed */
  gchar *asked; /* the old id that the open question is about, or NULL */
};

static void
changed_free (gpointer data)
{
  Changed *one = data;

  g_free (one->name);
  g_free (one->user);
  g_free (one->device);
  g_free (one->since);
  g_free (one->old_id);
  g_free (one->new_id);
  g_free (one);
}

VmtChangedKeys *
vmt_changed_keys_new (VmTrustStore *store, VmtOutput *output)
{
  VmtChangedKeys *self = g_new0 (VmtChangedKeys, 1);

  self->store = store;
  self->output = output;
  self->all = g_ptr_array_new_with_free_func (changed_free);
  return self;
}

void
vmt_changed_keys_free (VmtChangedKeys *self)
{
  g_ptr_array_unref (self->all);
  g_free (self->asked);
  g_free (self);
}

static gboolean
is_id (const gchar *text)
{
  g_autofree gchar *fingerprint = vm_fingerprint_from_device_id (text);

  return fingerprint != NULL;
}

/* The library's words (security.md#identity). What a peer chose stands before
 * them, and the last ones count. */
gboolean
vmt_changed_key_parse (const gchar *message, gchar **old_id, gchar **new_id)
{
  const gchar *at = strrchr (message, ' ');
  g_autofree gchar *old = at ? g_strdup (at + 1) : NULL;
  g_autofree gchar *between = NULL, *new = NULL;

  *old_id = *new_id = NULL;
  if (!old || !is_id (old))
    return FALSE;
  between = g_strdup_printf ("It was %s and now is ", old);
  at = g_strrstr (message, between);
  if (at) {
    at += strlen (between);
    new = g_strndup (at, strcspn (at, " ,.;"));
  }
  *old_id = g_steal_pointer (&old);
  if (new &&is_id (new))
    *new_id = g_steal_pointer (&new);
  return TRUE;
}

static Changed *
find_old (VmtChangedKeys *self, const gchar *old_id)
{
  for (guint i = 0; i < self->all->len; i++) {
    Changed *one = g_ptr_array_index (self->all, i);

    if (g_strcmp0 (one->old_id, old_id) == 0)
      return one;
  }
  return NULL;
}

/* What the store knows of the old one. */
static void
fill (VmtChangedKeys *self, Changed *one)
{
  g_autoptr (GPtrArray) known = vm_trust_store_list (self->store);

  for (guint i = 0; i < known->len; i++) {
    const VmKnownDevice *device = g_ptr_array_index (known, i);
    gboolean has_user = device->user && *device->user;

    if (g_strcmp0 (device->device_id, one->old_id) != 0)
      continue;
    one->name = g_strdup (has_user ? device->user : device->device);
    one->user = g_strdup (device->user);
    one->device = g_strdup (device->device);
    one->since = g_date_time_format (device->first_seen, "%F");
  }
}

static Changed *
note (VmtChangedKeys *self, const gchar *message, gboolean met)
{
  g_autofree gchar *old_id = NULL, *new_id = NULL;
  Changed *one;

  if (!vmt_changed_key_parse (message, &old_id, &new_id))
    return NULL;
  one = find_old (self, old_id);
  if (!one) {
    if (self->all->len >= VMT_CHANGED_MAX)
      g_ptr_array_remove_index (self->all, 0);
    one = g_new0 (Changed, 1);
    one->old_id = g_steal_pointer (&old_id);
    fill (self, one);
    g_ptr_array_add (self->all, one);
  }
  g_free (one->new_id);
  one->new_id = g_steal_pointer (&new_id);
  one->met |= met;
  one->accepted = FALSE;
  return one;
}

static gchar *
name_of (const Changed *one)
{
  return vmt_asker_name (one->name && *one->name ? one->name : one->old_id);
}

/* As it is typed. */
static gchar *
quoted_name_of (const Changed *one)
{
  gchar *name = name_of (one);
  gchar *quoted = strchr (name, ' ') ? g_strdup_printf ("\"%s\"", name) : NULL;

  if (!quoted)
    return name;
  g_free (name);
  return quoted;
}

void
vmt_changed_keys_note (VmtChangedKeys *self, const gchar *message, gboolean met)
{
  Changed *one = note (self, message, met);
  g_autofree gchar *quoted = NULL;

  if (!one)
    return;
  quoted = quoted_name_of (one);
  vmt_output_line (self->output, VMT_STYLE_PLAIN,
      "If that device was installed anew, type /trust %s to compare its id and "
      "accept it.",
      quoted);
}

static gboolean
is_called (const Changed *one, const gchar *name)
{
  g_autofree gchar *shown = name_of (one);
  g_autofree gchar *a = g_utf8_casefold (shown, -1);
  g_autofree gchar *b = g_utf8_casefold (name, -1);
  gsize size = strlen (name);

  return g_str_equal (a, b)
         || g_ascii_strncasecmp (one->old_id, name, size) == 0
         || (one->new_id && g_ascii_strncasecmp (one->new_id, name, size) == 0);
}

static void
ask (VmtChangedKeys *self, const Changed *one)
{
  g_autofree gchar *name = name_of (one);

  vmt_output_line (self->output, VMT_STYLE_PLAIN,
      "“%s” was known by one key since %s and shows another one now. Its id "
      "was",
      name, one->since ? one->since : "an earlier day");
  vmt_output_line (self->output, VMT_STYLE_PLAIN, "  %s", one->old_id);
  vmt_output_line (self->output, VMT_STYLE_PLAIN, "and is");
  vmt_output_line (self->output, VMT_STYLE_STRONG, "  %s", one->new_id);
  vmt_output_line (self->output, VMT_STYLE_STRONG,
      "Does the screen of “%s” show the new id, where /trust is typed? [y/n]",
      name);
}

void
vmt_changed_keys_show_own (VmtChangedKeys *self)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (VmIdentity) identity = vm_identity_load (NULL, &error);
  JsonObject *event;

  if (!identity) {
    vmt_output_warning (
        self->output, vm_error_to_code (error->code), error->message);
    return;
  }
  event = vmt_event_new ("own-id");
  vmt_event_add_string (
      event, "deviceId", vm_identity_get_device_id (identity));
  vmt_output_event (self->output, event);
  vmt_output_line (self->output, VMT_STYLE_PLAIN, "This device's id:  %s",
      vm_identity_get_device_id (identity));
}

/* Why there is nothing to accept of @name. */
static void
tell_nothing (
    VmtChangedKeys *self, const gchar *name, gboolean accepted, gboolean here)
{
  g_autofree gchar *safe = vmt_asker_name (name);
  g_autofree gchar *text = NULL;

  if (accepted)
    text = g_strdup_printf ("The new key of “%s” is accepted already.", safe);
  else if (here)
    text = g_strdup_printf (
        "“%s” was let in: its key is the one that it was first seen with, and "
        "there is nothing to accept.",
        safe);
  else
    text = g_strdup_printf (
        "No device of “%s” was refused for another key: there is nothing to "
        "accept.",
        safe);
  vmt_output_warning (
      self->output, vm_error_to_code (VM_ERROR_BAD_REQUEST), text);
}

void
vmt_changed_keys_ask (VmtChangedKeys *self, const gchar *name, gboolean here)
{
  const Changed *found = NULL;
  gboolean accepted = FALSE;
  guint n = 0;

  g_clear_pointer (&self->asked, g_free);
  for (guint i = 0; i < self->all->len; i++) {
    const Changed *one = g_ptr_array_index (self->all, i);

    if (!is_called (one, name))
      continue;
    accepted |= one->accepted;
    if (one->accepted)
      continue;
    found = one;
    n++;
  }
  if (n == 1 && found->new_id) {
    self->asked = g_strdup (found->old_id);
    ask (self, found);
  } else if (n == 0) {
    tell_nothing (self, name, accepted, here);
  } else {
    vmt_output_warning (self->output, vm_error_to_code (VM_ERROR_BAD_REQUEST),
        n > 1 ? "More than one is called so: type the old or the new id, or a "
                "beginning of one."
              : "It shows no key at all, and cannot be accepted.");
  }
}

/* FALSE: why was told. */
static gboolean
forget (VmtChangedKeys *self, Changed *one)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (VmKnownDevice) device =
      vm_trust_store_forget (self->store, one->old_id, &error);
  g_autofree gchar *name = name_of (one);
  JsonObject *event;

  if (!device) {
    vmt_output_warning (
        self->output, vm_error_to_code (error->code), error->message);
    return FALSE;
  }
  one->accepted = TRUE;
  event = vmt_event_new ("key-accepted");
  vmt_event_add_string (event, "name", one->name);
  vmt_event_add_string (event, "oldDeviceId", one->old_id);
  vmt_event_add_string (event, "deviceId", one->new_id);
  vmt_output_event (self->output, event);
  vmt_output_line (self->output, VMT_STYLE_GOOD,
      "The old key of “%s” is forgotten, and the new one is taken. Trust that "
      "went with the old one is to be agreed on anew.",
      name);
  return TRUE;
}

gboolean
vmt_changed_keys_take_line (
    VmtChangedKeys *self, const gchar *line, gboolean *met)
{
  g_autofree gchar *asked = NULL;
  Changed *one;
  gboolean yes;

  *met = FALSE;
  asked = g_steal_pointer (&self->asked);
  if (!asked || !vmt_answer_parse (line, &yes))
    return FALSE;
  one = find_old (self, asked);
  if (!yes || !one)
    vmt_output_line (self->output, VMT_STYLE_FAINT,
        "It stays refused: somebody may be posing.");
  else
    *met = forget (self, one) && one->met;
  return TRUE;
}

gboolean
vmt_changed_keys_is_asking (const VmtChangedKeys *self)
{
  return self->asked != NULL;
}

void
vmt_changed_keys_put_off (VmtChangedKeys *self)
{
  g_autofree gchar *asked = g_steal_pointer (&self->asked);
  const Changed *one = asked ? find_old (self, asked) : NULL;
  g_autofree gchar *name = one ? quoted_name_of (one) : NULL;

  if (one)
    vmt_output_line (self->output, VMT_STYLE_FAINT,
        "The question about the new key waits: type /trust %s again.", name);
}

gboolean
vmt_changed_keys_accept (VmtChangedKeys *self, const gchar *message)
{
  Changed *one = note (self, message, FALSE);

  return one && forget (self, one);
}

void
vmt_changed_keys_check (VmtChangedKeys *self, const gchar *user,
    const gchar *device, const gchar *device_id)
{
  for (guint i = 0; i < self->all->len; i++) {
    const Changed *one = g_ptr_array_index (self->all, i);

    if (one->accepted && g_strcmp0 (one->user, user) == 0
        && g_strcmp0 (one->device, device) == 0
        && g_strcmp0 (one->new_id, device_id) != 0)
      vmt_output_warning (self->output, vm_error_to_code (VM_ERROR_KEY_CHANGED),
          "The key of who has joined is not the one that you have compared: "
          "somebody may be posing.");
  }
}

GPtrArray *
vmt_changed_keys_list (VmtChangedKeys *self)
{
  GPtrArray *names = g_ptr_array_new_with_free_func (g_free);

  for (guint i = 0; i < self->all->len; i++) {
    const Changed *one = g_ptr_array_index (self->all, i);

    if (!one->accepted)
      g_ptr_array_add (names, name_of (one));
  }
  return names;
}
