/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A certificate for this device's names that the browsers of this machine
 * believe, and its root, which is put where they look. */

#include "cert/localca.h"
#include "cert/stores.h"
#include "cmd/commands.h"
#include "ui/digits.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

typedef struct
{
  const VmtOptions *options;
  VmtOutput *output;
  VmtLocalCa *ca;
  VmtStores *stores;
  gchar **names;
} Cert;

static void
say (Cert *self, VmtStyle style, const gchar *text)
{
  g_autoptr (GString) out = g_string_new (NULL);

  vmt_text_wrap (out, text, 0, 0, vmt_output_get_columns (self->output), FALSE);
  vmt_output_line (self->output, style, "%s", out->str);
}

static gint
fail (Cert *self, const gchar *text)
{
  vmt_output_error (self->output, NULL, text);
  return VMT_EXIT_FAILED;
}

static gchar *
list_names (Cert *self)
{
  return g_strjoinv (", ", self->names);
}

static gboolean
read_yes (void)
{
  gchar line[16] = "";
  gboolean yes;

  return fgets (line, sizeof line, stdin)
         && vmt_answer_parse (g_strstrip (line), &yes) && yes;
}

/* Nobody is to get another authority without knowing. */
static gboolean
consents (Cert *self)
{
  g_autofree gchar *names = list_names (self);
  g_autofree gchar *text = g_strdup_printf (
      "Browsers of this machine are to believe a root certificate of this "
      "device. It can vouch for %s alone, and what is below these names. "
      "Whoever gets its key (%s) could pose as them.",
      names, self->ca->root_key);

  if (self->options->yes)
    return TRUE;
  if (!isatty (STDIN_FILENO) || self->options->json) {
    fail (self, "Nobody can be asked here whether browsers are to believe a "
                "root certificate of this device: say so by --yes.");
    return FALSE;
  }
  say (self, VMT_STYLE_PLAIN, text);
  say (self, VMT_STYLE_STRONG, "Go on? [y/n]");
  if (read_yes ())
    return TRUE;
  fail (self, "Nothing was changed.");
  return FALSE;
}

static void
take_out (Cert *self)
{
  g_autofree gchar *name = vmt_local_ca_get_name (self->ca);
  g_autoptr (GPtrArray) done =
      name ? vmt_stores_remove (self->stores, name) : NULL;

  for (guint i = 0; done && i < done->len; i++)
    vmt_output_line (self->output, VMT_STYLE_PLAIN, "Taken out of %s",
        (const gchar *) done->pdata[i]);
  vmt_local_ca_remove (self->ca);
}

static gint
remove_root (Cert *self)
{
  if (!vmt_local_ca_exists (self->ca)) {
    say (self, VMT_STYLE_PLAIN, "There is no root certificate of this device.");
    return VMT_EXIT_OK;
  }
  take_out (self);
  vmt_output_event (self->output, vmt_event_new ("cert-removed"));
  say (self, VMT_STYLE_PLAIN,
      "The root certificate of this device and its key are deleted. Browsers "
      "that run are to be started again.");
  return VMT_EXIT_OK;
}

static gint
print_root (Cert *self)
{
  g_autofree gchar *text = NULL;
  g_autoptr (GError) error = NULL;

  if (!g_file_get_contents (self->ca->root, &text, NULL, &error))
    return fail (self, "There is no root certificate of this device yet: run "
                       "'videomeet cert'.");
  fputs (text, stdout);
  return fflush (stdout) == 0 ? VMT_EXIT_OK : VMT_EXIT_FAILED;
}

static void
tell_event (Cert *self, GPtrArray *places)
{
  JsonObject *event = vmt_event_new ("cert");
  JsonArray *names = json_array_new (), *stores = json_array_new ();

  for (guint i = 0; self->names[i]; i++)
    json_array_add_string_element (names, self->names[i]);
  for (guint i = 0; i < places->len; i++)
    json_array_add_string_element (stores, places->pdata[i]);
  vmt_event_add_string (event, "root", self->ca->root);
  json_object_set_array_member (event, "names", names);
  json_object_set_array_member (event, "stores", stores);
  vmt_output_event (self->output, event);
}

static void
tell (Cert *self, GPtrArray *places)
{
  g_autoptr (GDateTime) end =
      g_date_time_new_from_unix_utc (vmt_local_ca_get_end (self->ca));
  g_autofree gchar *date = g_date_time_format (end, "%F");
  g_autofree gchar *names = list_names (self);
  g_autofree gchar *text = g_strdup_printf (
      "'videomeet host' and 'videomeet server' show a certificate for %s from "
      "now on, until %s and then the next one.",
      names, date);
  g_autofree gchar *phone = g_strdup_printf (
      "On a phone or another computer: bring it the file %s (AirDrop, a mail "
      "to yourself, a memory stick), open it there, and have it installed as "
      "the certificate of a CA. An iPhone asks once more under Settings, "
      "General, About, Certificate Trust Settings.",
      self->ca->root);

  tell_event (self, places);
  for (guint i = 0; i < places->len; i++)
    vmt_output_line (self->output, VMT_STYLE_GOOD, "Root put into %s",
        (const gchar *) places->pdata[i]);
  say (self, VMT_STYLE_PLAIN, text);
  say (self, VMT_STYLE_PLAIN, "Browsers that run are to be started again.");
  say (self, VMT_STYLE_PLAIN, phone);
}

static gint
install (Cert *self)
{
  g_autofree gchar *name = vmt_local_ca_get_name (self->ca);
  g_autoptr (GPtrArray) faults = NULL;
  g_autoptr (GPtrArray) places =
      vmt_stores_add (self->stores, self->ca->root, name, &faults);

  for (guint i = 0; i < faults->len; i++)
    vmt_output_warning (self->output, NULL, faults->pdata[i]);
  if (!places->len)
    return fail (self, "No browser of this machine could be told of the root.");
  tell (self, places);
  return VMT_EXIT_OK;
}

static gint
make (Cert *self)
{
  const gchar *const *names = (const gchar *const *) self->names;
  gint64 now = g_get_real_time () / G_USEC_PER_SEC;
  g_autoptr (GError) error = NULL;

  if (!vmt_stores_have_program () && !self->stores->system)
    return fail (self, "certutil is missing, by which browsers are told of a "
                       "root: install libnss3-tools (nss-tools).");
  if (!consents (self))
    return VMT_EXIT_FAILED;
  if (vmt_local_ca_exists (self->ca)
      && vmt_local_ca_ready (self->ca, names, now, NULL))
    return install (self);
  /* other names: another root, and no browser believes two */
  if (vmt_local_ca_exists (self->ca))
    take_out (self);
  if (!vmt_local_ca_make (self->ca, names, now, &error))
    return fail (self, error->message);
  return install (self);
}

gint
vmt_cmd_cert (const VmtOptions *options, VmtOutput *output, gint64 start_us)
{
  g_autoptr (VmtLocalCa) ca = vmt_local_ca_new (NULL);
  g_autoptr (VmtStores) stores = vmt_stores_new (NULL, geteuid () == 0);
  g_auto (GStrv) names = vmt_local_names (g_get_host_name ());
  Cert self = { options, output, ca, stores, names };

  return options->print    ? print_root (&self)
         : options->remove ? remove_root (&self)
                           : make (&self);
}
