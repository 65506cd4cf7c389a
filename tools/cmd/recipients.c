/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "cmd/recipients.h"

#include "cmd/lookup.h"
#include "cmd/target.h"

struct _VmtRecipients
{
  VmNode *node;
  VmtOutput *output;
  GPtrArray *searches; /* of Search, one a TO */
  GPtrArray *found; /* of VmtRecipient, which the searches own */
  guint left; /* that are looked for */
  guint missed; /* that were not found */
  VmtRecipientsFunc func;
  gpointer user_data;
};

typedef struct
{
  VmtRecipients *owner;
  VmtRecipient recipient;
  VmtLookup *lookup; /* NULL: it is an address */
} Search;

static void
search_free (gpointer data)
{
  Search *search = data;

  g_clear_pointer (&search->lookup, vmt_lookup_free);
  g_free (search->recipient.name);
  g_free (search->recipient.id);
  g_free (search->recipient.key_hash);
  g_strfreev (search->recipient.base_uris);
  g_free (search);
}

/* A device may be called so, too. */
static void
warn_of_file (VmtRecipients *self, const gchar *target)
{
  g_autofree gchar *safe = vmt_text_safe (target);
  g_autofree gchar *text = g_strdup_printf (
      "%s is a file here, and is looked for as a device: what comes last says "
      "to whom.",
      safe);

  vmt_output_warning (
      self->output, vm_error_to_code (VM_ERROR_BAD_REQUEST), text);
}

static gboolean
add (VmtRecipients *self, const gchar *target, GError **error)
{
  Search *search;
  gchar *uri = NULL;

  if (!*target) {
    g_set_error_literal (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
        "Several devices are given with commas between, as 'Ann,Bob'.");
    return FALSE;
  }
  if (g_file_test (target, G_FILE_TEST_IS_REGULAR))
    warn_of_file (self, target);
  if (vmt_lookup_is_address (target)
      && !(uri = vmt_target_parse_address (target, FALSE, error)))
    return FALSE;
  search = g_new0 (Search, 1);
  search->owner = self;
  search->recipient.name = g_strdup (target);
  if (uri) {
    search->recipient.base_uris = g_new0 (gchar *, 2);
    search->recipient.base_uris[0] = uri;
  }
  g_ptr_array_add (self->searches, search);
  return TRUE;
}

VmtRecipients *
vmt_recipients_new (
    const gchar *targets, VmNode *node, VmtOutput *output, GError **error)
{
  VmtRecipients *self = g_new0 (VmtRecipients, 1);
  g_auto (GStrv) each = g_strsplit (targets, ",", -1);

  self->node = node;
  self->output = output;
  self->searches = g_ptr_array_new_with_free_func (search_free);
  self->found = g_ptr_array_new ();
  for (guint i = 0; each[i]; i++)
    g_strstrip (each[i]);
  for (guint i = 0; each[i]; i++) {
    if (!g_strv_contains ((const gchar *const *) each + i + 1, each[i])
        && !add (self, each[i], error)) {
      vmt_recipients_free (self);
      return NULL;
    }
  }
  return self;
}

void
vmt_recipients_free (VmtRecipients *self)
{
  while (g_source_remove_by_user_data (self))
    continue;
  g_ptr_array_unref (self->found);
  g_ptr_array_unref (self->searches);
  g_free (self);
}

gboolean
vmt_recipients_need_node (VmtRecipients *self)
{
  for (guint i = 0; i < self->searches->len; i++) {
    const Search *search = g_ptr_array_index (self->searches, i);

    if (!search->recipient.base_uris)
      return TRUE;
  }
  return FALSE;
}

guint
vmt_recipients_get_missed (VmtRecipients *self)
{
  return self->missed;
}

/* Of an address it is not known whose it is, but where. */
static gboolean
is_same (const VmtRecipient *a, const VmtRecipient *b)
{
  if (a->id && b->id)
    return g_str_equal (a->id, b->id);
  for (guint i = 0; a->base_uris[i]; i++)
    if (g_strv_contains ((const gchar *const *) b->base_uris, a->base_uris[i]))
      return TRUE;
  return FALSE;
}

static gboolean
is_known (VmtRecipients *self, const VmtRecipient *recipient)
{
  for (guint i = 0; i < self->found->len; i++)
    if (is_same (g_ptr_array_index (self->found, i), recipient))
      return TRUE;
  return FALSE;
}

static gboolean
on_all (gpointer data)
{
  VmtRecipients *self = data;

  for (guint i = 0; i < self->searches->len; i++) {
    Search *search = g_ptr_array_index (self->searches, i);

    if (search->recipient.base_uris && !is_known (self, &search->recipient))
      g_ptr_array_add (self->found, &search->recipient);
  }
  vmt_output_ticker (self->output, NULL);
  self->func (self->found, self->user_data);
  return G_SOURCE_REMOVE;
}

static void
on_found (GList *devices, const GError *error, gpointer user_data)
{
  Search *search = user_data;
  VmtRecipients *self = search->owner;
  g_autoptr (GStrvBuilder) uris = g_strv_builder_new ();

  if (!devices) {
    vmt_output_error (
        self->output, vm_error_to_code (error->code), error->message);
    self->missed++;
  }
  for (GList *l = devices; l; l = l->next)
    g_strv_builder_addv (
        uris, (const gchar **) vm_device_get_base_uris (l->data));
  if (devices) {
    search->recipient.base_uris = g_strv_builder_end (uris);
    search->recipient.id = g_strdup (vm_device_get_id (devices->data));
    search->recipient.key_hash =
        g_strdup (vm_device_get_key_hash (devices->data));
  }
  g_list_free_full (devices, g_object_unref);
  if (--self->left == 0)
    g_idle_add (on_all, self);
}

/* On a terminal: it takes two seconds, or thirty where nobody answers. */
static void
tell_names (VmtRecipients *self, GStrvBuilder *names)
{
  g_auto (GStrv) all = g_strv_builder_end (names);
  g_autofree gchar *joined = g_strjoinv (", ", all);
  g_autofree gchar *safe = vmt_text_safe (joined);
  g_autofree gchar *text = g_strdup_printf ("Looks for %s", safe);

  vmt_output_ticker (self->output, text);
}

void
vmt_recipients_look (
    VmtRecipients *self, VmtRecipientsFunc func, gpointer user_data)
{
  g_autoptr (GStrvBuilder) names = g_strv_builder_new ();

  self->func = func;
  self->user_data = user_data;
  for (guint i = 0; i < self->searches->len; i++) {
    Search *search = g_ptr_array_index (self->searches, i);

    if (search->recipient.base_uris)
      continue;
    self->left++;
    search->lookup = vmt_lookup_new (
        self->node, search->recipient.name, self->output, on_found, search);
    g_strv_builder_add (names, search->recipient.name);
  }
  if (self->left == 0)
    g_idle_add (on_all, self);
  else
    tell_names (self, names);
}
