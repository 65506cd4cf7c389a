/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Asks another device for trust, on a thread of its own ("vm-trust-ask"), from
 * READY->PAUSED until it is answered, or PAUSED->READY. */

#include "vmtrust-priv.h"

#include <string.h>

#define GST_CAT_DEFAULT vm_trust_debug
#define DEFAULT_PORT 8080

struct _VmTrustAsker
{
  VmTrust *element; /* as long as the thread */
  VmTrustStore *store;
  VmIdentity *identity;
  gchar *user, *uri;
  GMainContext *context;
  GMainLoop *loop;
  GCancellable *cancellable;
  GThread *thread;
  VmTrustRequest *request; /* that thread's */
};

static void
asker_clear (gpointer data)
{
  VmTrustAsker *asker = data;

  gst_object_unref (asker->element);
  g_object_unref (asker->store);
  g_object_unref (asker->identity);
  g_free (asker->user);
  g_free (asker->uri);
  g_main_loop_unref (asker->loop);
  g_main_context_unref (asker->context);
  g_object_unref (asker->cancellable);
  g_clear_object (&asker->request);
}

static void
asker_unref (gpointer data)
{
  g_atomic_rc_box_release_full (data, asker_clear);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (VmTrustAsker, asker_unref)

/* The thread */

static void
confirm (VmTrustAsker *asker)
{
  g_autoptr (GError) error = NULL;

  if (!vm_trust_request_confirm (asker->request, &error))
    vm_trust_warn (asker->element, error);
}

static void
on_digits (VmTrustRequest *request, const gchar *digits, const gchar *name,
    const gchar *device_id, VmTrustAsker *asker)
{
  if (vm_trust_tell_requested (
          asker->element, VM_TRUST_OWN_REQUEST, device_id, name, digits))
    confirm (asker);
}

static void
on_done (GObject *source, GAsyncResult *result, gpointer data)
{
  VmTrustAsker *asker = data;
  g_autoptr (GError) error = NULL;

  if (vm_trust_request_run_finish (asker->request, result, &error))
    vm_trust_tell_established (asker->element,
        vm_trust_request_get_device_id (asker->request),
        vm_trust_request_get_name (asker->request));
  else if (!g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    vm_trust_tell_failed (asker->element, VM_TRUST_OWN_REQUEST,
        vm_trust_request_get_device_id (asker->request),
        vm_trust_request_get_name (asker->request), error);
  g_main_loop_quit (asker->loop);
}

static gpointer
run (gpointer data)
{
  g_autoptr (VmTrustAsker) asker = data;

  g_main_context_push_thread_default (asker->context);
  asker->request = vm_trust_request_new (
      asker->store, asker->identity, asker->user, asker->uri, NULL);
  g_signal_connect (asker->request, "digits", G_CALLBACK (on_digits), asker);
  vm_trust_request_run_async (
      asker->request, asker->cancellable, on_done, asker);
  g_main_loop_run (asker->loop);
  g_signal_handlers_disconnect_by_data (asker->request, asker);
  while (g_main_context_iteration (asker->context, FALSE))
    continue;
  g_main_context_pop_thread_default (asker->context);
  return NULL;
}

/* The element */

/* HOST, HOST:PORT; NULL: it is neither. */
static gchar *
parse_target (const gchar *target)
{
  g_autofree gchar *text = g_strconcat ("https://", target, NULL);
  g_autoptr (GUri) uri = g_uri_parse (text, G_URI_FLAGS_NONE, NULL);
  gint port = uri ? g_uri_get_port (uri) : -1;

  if (strpbrk (target, " \t\r\n") || !uri || !g_uri_get_host (uri)
      || !*g_uri_get_host (uri) || *g_uri_get_path (uri)
      || g_uri_get_userinfo (uri) || g_uri_get_query (uri)
      || g_uri_get_fragment (uri))
    return NULL;
  return g_uri_join (G_URI_FLAGS_NONE, "https", NULL, g_uri_get_host (uri),
      port > 0 ? port : DEFAULT_PORT, "", NULL, NULL);
}

gboolean
vm_trust_start_request (VmTrust *self)
{
  g_autofree gchar *target = NULL, *uri = NULL;
  VmTrustAsker *asker;

  GST_OBJECT_LOCK (self);
  target = g_strdup (self->request);
  GST_OBJECT_UNLOCK (self);
  if (!target)
    return TRUE;
  uri = parse_target (target);
  if (!uri) {
    GST_ELEMENT_ERROR_WITH_DETAILS (self, LIBRARY, SETTINGS,
        ("request takes HOST or HOST:PORT, not '%s'", target), (NULL),
        ("property", G_TYPE_STRING, "request", NULL));
    return FALSE;
  }
  asker = g_atomic_rc_box_new0 (VmTrustAsker);
  asker->element = gst_object_ref (self);
  asker->store = g_object_ref (self->store);
  asker->identity = g_object_ref (self->identity);
  g_object_get (self->node, "user", &asker->user, NULL);
  asker->uri = g_steal_pointer (&uri);
  asker->context = g_main_context_new ();
  asker->loop = g_main_loop_new (asker->context, FALSE);
  asker->cancellable = g_cancellable_new ();
  asker->thread =
      g_thread_new ("vm-trust-ask", run, g_atomic_rc_box_acquire (asker));
  GST_OBJECT_LOCK (self);
  self->asker = asker;
  GST_OBJECT_UNLOCK (self);
  return TRUE;
}

void
vm_trust_stop_request (VmTrust *self)
{
  g_autoptr (VmTrustAsker) asker = NULL;

  GST_OBJECT_LOCK (self);
  asker = g_steal_pointer (&self->asker);
  GST_OBJECT_UNLOCK (self);
  if (!asker)
    return;
  g_cancellable_cancel (asker->cancellable);
  /* whoever is told of the request may stop the element, on its thread */
  if (asker->thread == g_thread_self ())
    g_thread_unref (asker->thread);
  else
    g_thread_join (asker->thread);
}

typedef struct
{
  VmTrustAsker *asker;
  gboolean yes;
} Answer;

static void
answer_free (gpointer data)
{
  Answer *answer = data;

  asker_unref (answer->asker);
  g_free (answer);
}

static gboolean
take_answer (gpointer data)
{
  const Answer *answer = data;

  if (!answer->asker->request)
    return G_SOURCE_REMOVE;
  if (answer->yes)
    confirm (answer->asker);
  else
    vm_trust_request_deny (answer->asker->request);
  return G_SOURCE_REMOVE;
}

gboolean
vm_trust_answer_own (VmTrust *self, gboolean yes)
{
  VmTrustAsker *asker;
  Answer *answer;
  GSource *source;

  GST_OBJECT_LOCK (self);
  asker = self->asker ? g_atomic_rc_box_acquire (self->asker) : NULL;
  GST_OBJECT_UNLOCK (self);
  if (!asker)
    return FALSE;
  answer = g_new (Answer, 1);
  *answer = (Answer){ asker, yes };
  source = g_idle_source_new ();
  g_source_set_callback (source, take_answer, answer, answer_free);
  g_source_attach (source, asker->context);
  g_source_unref (source);
  return TRUE;
}
