/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Finds a device and asks it for trust. */

#include "cmd/commands.h"
#include "cmd/device.h"
#include "ui/digits.h"
#include "typed/hangup.h"
#include "cmd/lookup.h"
#include "cmd/target.h"
#include "typed/typed.h"

#include <glib-unix.h>
#include <unistd.h>

typedef struct
{
  const VmtOptions *options;
  VmtOutput *output;
  VmNode *node;
  VmTrustStore *store;
  GMainLoop *loop;
  GCancellable *cancellable;
  VmtLookup *lookup; /* or NULL */
  VmTrustRequest *request; /* NULL while the device is looked for */
  VmtLines lines; /* typed, not yet whole */
  gboolean over; /* nothing is typed any more */
  gint status;
} Asking;

static void
fail (Asking *self, gint code, const gchar *message)
{
  self->status = VMT_EXIT_FAILED;
  vmt_output_error (self->output, vm_error_to_code (code), message);
  g_main_loop_quit (self->loop);
}

static gchar *
shown_name (VmTrustRequest *request)
{
  return vmt_text_safe (vm_trust_request_get_name (request));
}

/* Its end */

static void
tell_trusted (Asking *self)
{
  const gchar *id = vm_trust_request_get_device_id (self->request);
  g_autofree gchar *name = shown_name (self->request);
  JsonObject *event = vmt_event_new ("trusted");

  vmt_event_add_string (event, "deviceId", id);
  vmt_event_add_string (event, "name", name);
  vmt_output_event (self->output, event);
  vmt_output_line (self->output, VMT_STYLE_GOOD,
      "%s and you trust each other now; its id is %s.", name, id);
}

/* What a user can do about it. */
static gchar *
advise (const GError *error)
{
  const gchar *advice = "";

  if (g_error_matches (error, VM_ERROR, VM_ERROR_RATE_LIMITED))
    advice = " Ask again in ten minutes.";
  else if (g_error_matches (error, VM_ERROR, VM_ERROR_WRONG_KEY))
    advice = " Nobody is trusted by this.";
  return g_strdup_printf ("%s%s%s", error->message,
      g_str_has_suffix (error->message, ".") ? "" : ".", advice);
}

static void
on_done (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Asking *self = user_data;
  g_autoptr (GError) error = NULL;
  g_autofree gchar *text = NULL;

  if (vm_trust_request_run_finish (self->request, result, &error)) {
    tell_trusted (self);
    g_main_loop_quit (self->loop);
    return;
  }
  text = advise (error);
  fail (self, error->domain == VM_ERROR ? error->code : VM_ERROR_FAILED, text);
}

/* The digits */

static void
confirm (Asking *self)
{
  g_autofree gchar *name = shown_name (self->request);
  g_autoptr (GError) error = NULL;

  if (vm_trust_request_confirm (self->request, &error))
    vmt_output_line (self->output, VMT_STYLE_FAINT,
        "Waiting for %s to confirm as well. Ctrl-C gives up.", name);
  else
    vmt_output_warning (
        self->output, vm_error_to_code (error->code), error->message);
}

static void
on_line (const gchar *line, gpointer user_data)
{
  Asking *self = user_data;
  gboolean yes;

  if (!self->request || !vm_trust_request_get_digits (self->request))
    return;
  if (!line || !vmt_answer_parse (line, &yes))
    vmt_output_line (self->output, VMT_STYLE_PLAIN, "Type y or n.");
  else if (yes)
    confirm (self);
  else
    vm_trust_request_deny (self->request);
}

static void
deny_unasked (Asking *self)
{
  vmt_output_warning (self->output, NULL,
      "There is nobody to ask: run this at a terminal and type y or n, or, in "
      "a lab, with --approve auto.");
  vm_trust_request_deny (self->request);
}

static gboolean
on_readable (gint fd, GIOCondition condition, gpointer user_data)
{
  Asking *self = user_data;

  if (vmt_lines_read (&self->lines, fd, on_line, self))
    return G_SOURCE_CONTINUE;
  self->over = TRUE;
  return G_SOURCE_REMOVE;
}

static void
on_digits (VmTrustRequest *request, const gchar *digits, const gchar *name,
    const gchar *device_id, gpointer user_data)
{
  Asking *self = user_data;
  JsonObject *event = vmt_event_new ("trust-digits");
  g_autofree gchar *question = vmt_digits_question (name, digits);

  vmt_event_add_string (event, "deviceId", device_id);
  vmt_event_add_string (event, "name", name);
  vmt_event_add_string (event, "digits", digits);
  vmt_output_event (self->output, event);
  vmt_output_line (self->output, VMT_STYLE_STRONG, "%s", question);
  if (self->options->approve == VM_APPROVE_AUTO) {
    vmt_output_line (self->output, VMT_STYLE_BAD,
        "Confirmed without looking (--approve auto).");
    confirm (self);
  } else if (self->over)
    deny_unasked (self);
}

static void
ask (Asking *self, const gchar *uri, const gchar *key_hash)
{
  g_autofree gchar *user = NULL;
  VmIdentity *identity = vm_node_get_identity (self->node);

  if (!identity) {
    fail (self, VM_ERROR_IDENTITY,
        "This device has no key, and cannot make one.");
    return;
  }
  g_object_get (self->node, "user", &user, NULL);
  vmt_output_line (
      self->output, VMT_STYLE_FAINT, "Asking the device at %s.", uri);
  self->request =
      vm_trust_request_new (self->store, identity, user, uri, key_hash);
  if (self->options->permissions_set)
    g_object_set (
        self->request, "permissions", self->options->permissions, NULL);
  g_signal_connect (self->request, "digits", G_CALLBACK (on_digits), self);
  vm_trust_request_run_async (self->request, self->cancellable, on_done, self);
}

static void
on_found (GList *devices, const GError *error, gpointer user_data)
{
  Asking *self = user_data;
  g_autofree gchar *uri = NULL;

  if (!devices) {
    fail (self, error->code, error->message);
    return;
  }
  uri = vm_device_get_base_uri (devices->data);
  ask (self, uri, vm_device_get_key_hash (devices->data));
  g_list_free_full (devices, g_object_unref);
}

static gboolean
on_signal (gpointer user_data)
{
  Asking *self = user_data;

  if (self->request)
    g_cancellable_cancel (self->cancellable);
  else
    fail (self, VM_ERROR_TIMEOUT, "Given up before the device was found.");
  return G_SOURCE_CONTINUE;
}

static void
run (Asking *self)
{
  gboolean address = vmt_lookup_is_address (self->options->target);
  g_autoptr (GError) error = NULL;
  g_autofree gchar *uri =
      address ? vmt_target_parse_address (self->options->target, FALSE, &error)
              : NULL;

  if (address && !uri) {
    vmt_output_error (self->output, NULL, error->message);
    self->status = VMT_EXIT_USAGE;
    return;
  }
  g_object_set (self->node, "announce", VM_ANNOUNCE_OFF, NULL);
  if (!address && !vm_node_start (self->node, VM_NODE_ROLES_BROWSE, &error)) {
    vmt_output_error (self->output,
        error->domain == VM_ERROR ? vm_error_to_code (error->code) : NULL,
        error->message);
    self->status = VMT_EXIT_FAILED;
    return;
  }
  g_unix_signal_add (SIGINT, on_signal, self);
  g_unix_signal_add (SIGTERM, on_signal, self);
  vmt_hangup_add (on_signal, self);
  g_unix_fd_add (
      STDIN_FILENO, G_IO_IN | G_IO_HUP | G_IO_ERR, on_readable, self);
  if (address)
    ask (self, uri, NULL);
  else
    self->lookup = vmt_lookup_new (
        self->node, self->options->target, self->output, on_found, self);
  if (self->status == VMT_EXIT_OK)
    g_main_loop_run (self->loop);
  while (g_source_remove_by_user_data (self))
    continue;
  g_clear_pointer (&self->lookup, vmt_lookup_free);
  if (!address)
    vm_node_stop (self->node, VM_NODE_ROLES_BROWSE);
}

static void
ignore_line (const gchar *line, gpointer user_data)
{
}

gint
vmt_trust_request (const VmtOptions *options, VmtOutput *output)
{
  g_autoptr (VmNode) node = vmt_device_setup (options);
  g_autoptr (VmTrustStore) store = vm_trust_store_new (NULL);
  Asking self = { .options = options,
    .output = output,
    .node = node,
    .store = store,
    .loop = g_main_loop_new (NULL, FALSE),
    .cancellable = g_cancellable_new (),
    .status = VMT_EXIT_OK };

  vmt_device_warn (node, output);
  run (&self);
  vmt_lines_end (&self.lines, ignore_line, NULL);
  g_clear_object (&self.request);
  g_object_unref (self.cancellable);
  g_main_loop_unref (self.loop);
  return self.status;
}
