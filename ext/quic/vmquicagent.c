/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "vmquicagent.h"

#include <gst/videomeet/base/nodethread.h>
#include <gst/videomeet/node/vmtrustcontext-priv.h>
#include <gst/videomeet/plugin/plugin.h>

GST_DEBUG_CATEGORY (vm_quic_debug);
#define GST_CAT_DEFAULT vm_quic_debug

/* For the other side to close what is over. */
#define GENTLE_TIME (3 * G_USEC_PER_SEC)
#define GENTLE_TICK 20 /* ms */
/* The agent's own deadlines are shorter. */
#define STOP_TIME (20 * G_USEC_PER_SEC)

struct _VmQuicAgent
{
  GstElement *element;
  VmQuicAgentFuncs funcs;
  VmNodeThread *thread;
  VmQuicSettings settings;
  VmIdentity *identity;

  /* of its thread */
  VmAgent *agent;
  gboolean ready;
  GQueue asked; /* of Send, before it is ready */
  gint64 gentle_until;

  GMutex lock; /* of what follows */
  GCond cond;
  gboolean closed; /* nothing is told any more */
  gboolean stopped;
  gboolean abandoned; /* nobody waits for it */
};

typedef struct
{
  VmQuicAgent *agent;
  gchar *to, *name;
  VmP2pForward *forward;
} Send;

static void
send_free (gpointer data)
{
  Send *send = data;

  g_free (send->to);
  g_free (send->name);
  VM_PLUGIN (vm_p2p_forward_unref) (send->forward);
  g_free (send);
}

void
vm_quic_post_error (GstElement *element, const GError *error)
{
  const gchar *code = vm_error_get_code (error);

  if (g_error_matches (error, VM_ERROR, VM_ERROR_UNROUTABLE))
    GST_ELEMENT_ERROR_WITH_DETAILS (element, RESOURCE, NOT_FOUND,
        ("%s", error->message), (NULL), ("code", G_TYPE_STRING, code, NULL));
  else if (g_error_matches (error, VM_ERROR, VM_ERROR_NOT_TRUSTED))
    GST_ELEMENT_ERROR_WITH_DETAILS (element, RESOURCE, NOT_AUTHORIZED,
        ("%s", error->message), (NULL), ("code", G_TYPE_STRING, code, NULL));
  else
    GST_ELEMENT_ERROR_WITH_DETAILS (element, RESOURCE, FAILED,
        ("%s", error->message), (NULL), ("code", G_TYPE_STRING, code, NULL));
}

static gboolean
is_closed (VmQuicAgent *self)
{
  gboolean closed;

  g_mutex_lock (&self->lock);
  closed = self->closed;
  g_mutex_unlock (&self->lock);
  return closed;
}

static void
tell_failed (VmQuicAgent *self, const GError *error)
{
  if (!is_closed (self))
    self->funcs.failed (error, self->element);
}

/* Sending */

static void
on_sent (GObject *source, GAsyncResult *result, gpointer data)
{
  Send *send = data;
  VmQuicAgent *self = send->agent;
  g_autoptr (GError) error = NULL;

  vm_agent_send_files_finish (VM_AGENT (source), result, &error);
  if (!is_closed (self))
    self->funcs.sent (send->forward, error, self->element);
  send_free (send);
}

/* Takes @send. */
static void
ask (VmQuicAgent *self, Send *send)
{
  VM_PLUGIN (vm_agent_send_forward)
  (self->agent, send->to, send->name, send->forward, on_sent, send);
}

static void
on_send (gpointer data)
{
  Send *copy = g_memdup2 (data, sizeof (Send));
  Send *send = data;

  *send = (Send){ 0 };
  if (!copy->agent->ready)
    g_queue_push_tail (&copy->agent->asked, copy);
  else
    ask (copy->agent, copy);
}

static void
posted_free (gpointer data)
{
  Send *send = data;

  if (send->forward)
    send_free (send);
  else
    g_free (send);
}

void
vm_quic_agent_send (VmQuicAgent *self, const gchar *to, const gchar *file_name,
    VmP2pForward *forward)
{
  Send *send = g_new (Send, 1);

  *send = (Send){ self, g_strdup (to), g_strdup (file_name),
    VM_PLUGIN (vm_p2p_forward_ref) (forward) };
  vm_node_thread_post (self->thread, on_send, send, posted_free);
}

/* The beginning */

static void
on_started (GObject *source, GAsyncResult *result, gpointer data)
{
  VmQuicAgent *self = data;
  g_autoptr (GError) error = NULL;
  Send *send;

  if (!vm_agent_start_finish (VM_AGENT (source), result, &error)) {
    tell_failed (self, error);
    return;
  }
  self->ready = TRUE;
  while ((send = g_queue_pop_head (&self->asked)))
    ask (self, send);
}

static void
on_lost (VmAgent *agent, const GError *error, gboolean final, gpointer data)
{
  VmQuicAgent *self = data;

  if (final)
    tell_failed (self, error);
  else if (!is_closed (self))
    GST_ELEMENT_WARNING_WITH_DETAILS (self->element, RESOURCE, FAILED,
        ("The server is lost, and is tried again: %s", error->message), (NULL),
        ("code", G_TYPE_STRING, vm_error_get_code (error), NULL));
}

static void
on_refused (VmAgent *agent, const GError *error, gpointer data)
{
  VmQuicAgent *self = data;

  if (!is_closed (self))
    GST_ELEMENT_WARNING_WITH_DETAILS (self->element, RESOURCE, FAILED,
        ("A session is refused: %s", error->message), (NULL),
        ("code", G_TYPE_STRING, vm_error_get_code (error), NULL));
}

static void
on_begin (gpointer data)
{
  VmQuicAgent *self = data;
  const VmQuicSettings *settings = &self->settings;

  self->agent = vm_agent_new (self->identity, settings->server, settings->room,
      settings->user ? settings->user : g_get_user_name ());
  g_object_set (self->agent, "pin", settings->pin, "host-key",
      settings->host_key, "stun", settings->stun_server, "policy",
      settings->policy, "accept",
      self->funcs.receive ? VM_ACCEPT_AUTO : VM_ACCEPT_NEVER, "only-asks",
      self->funcs.receive == NULL, NULL);
  if (settings->device)
    g_object_set (self->agent, "device", settings->device, NULL);
  if (self->funcs.receive)
    VM_PLUGIN (vm_agent_set_forward_func)
  (self->agent, self->funcs.receive, self->element);
  g_signal_connect (self->agent, "lost", G_CALLBACK (on_lost), self);
  g_signal_connect (self->agent, "refused", G_CALLBACK (on_refused), self);
  vm_agent_start_async (self->agent, NULL, on_started, self);
}

/* The identity and the policy come from the vmtrust of the pipeline, if any. */
static gboolean
take_trust (VmQuicAgent *self, GError **error)
{
  g_autoptr (GstContext) context = vm_trust_context_find (self->element);
  const GstStructure *s = context ? gst_context_get_structure (context) : NULL;
  g_autoptr (VmTrustStore) store = NULL;
  gint policy;

  if (s)
    gst_structure_get (s, "store", VM_TYPE_TRUST_STORE, &store, NULL);
  if (s && !self->settings.policy_set
      && gst_structure_get_enum (s, "policy", VM_TYPE_POLICY, &policy))
    self->settings.policy = policy;
  self->identity = vm_identity_load (
      store ? VM_PLUGIN (vm_trust_store_get_folder) (store) : NULL, error);
  return self->identity != NULL;
}

static gboolean
check_settings (GstElement *element, const VmQuicSettings *settings)
{
  const gchar *missing = !settings->server || !*settings->server ? "server"
                         : !settings->room || !*settings->room   ? "room"
                                                                 : NULL;

  if (!missing)
    return TRUE;
  GST_ELEMENT_ERROR_WITH_DETAILS (element, RESOURCE, NOT_FOUND,
      ("It is not known where the agents meet: set the property \"%s\"",
          missing),
      (NULL),
      ("code", G_TYPE_STRING, vm_error_to_code (VM_ERROR_BAD_REQUEST),
          "property", G_TYPE_STRING, missing, NULL));
  return FALSE;
}

static void
agent_free (VmQuicAgent *self)
{
  vm_quic_settings_clear (&self->settings);
  g_clear_object (&self->identity);
  gst_object_unref (self->element);
  g_mutex_clear (&self->lock);
  g_cond_clear (&self->cond);
  g_free (self);
}

VmQuicAgent *
vm_quic_agent_new (GstElement *element, const VmQuicSettings *settings,
    const VmQuicAgentFuncs *funcs)
{
  VmQuicAgent *self;
  g_autoptr (GError) error = NULL;

  if (!check_settings (element, settings))
    return NULL;
  self = g_new0 (VmQuicAgent, 1);
  self->element = gst_object_ref (element);
  self->funcs = *funcs;
  vm_quic_settings_copy (settings, &self->settings);
  g_queue_init (&self->asked);
  g_mutex_init (&self->lock);
  g_cond_init (&self->cond);
  if (!take_trust (self, &error)) {
    vm_quic_post_error (element, error);
    agent_free (self);
    return NULL;
  }
  self->thread = vm_node_thread_new ("vm-quic-agent");
  vm_node_thread_post (self->thread, on_begin, self, NULL);
  return self;
}

/* The end */

static void
free_with_thread (gpointer data)
{
  VmQuicAgent *self = data;

  vm_node_thread_free (self->thread);
  agent_free (self);
}

static void
on_stopped (GObject *source, GAsyncResult *result, gpointer data)
{
  VmQuicAgent *self = data;
  gboolean abandoned;

  vm_agent_stop_finish (VM_AGENT (source), result, NULL);
  g_signal_handlers_disconnect_by_data (self->agent, self);
  g_clear_object (&self->agent);
  g_queue_clear_full (&self->asked, send_free);
  g_mutex_lock (&self->lock);
  self->stopped = TRUE;
  abandoned = self->abandoned;
  g_cond_broadcast (&self->cond);
  g_mutex_unlock (&self->lock);
  if (abandoned)
    vm_node_thread_post (self->thread, free_with_thread, self, NULL);
}

static gboolean
look_whether_closed (gpointer data)
{
  VmQuicAgent *self = data;

  if (VM_PLUGIN (vm_agent_has_sessions) (self->agent)
      && g_get_monotonic_time () < self->gentle_until)
    return G_SOURCE_CONTINUE;
  vm_agent_stop_async (self->agent, NULL, on_stopped, self);
  return G_SOURCE_REMOVE;
}

static void
on_end (gpointer data)
{
  VmQuicAgent *self = data;
  GSource *timer;

  if (look_whether_closed (self) == G_SOURCE_REMOVE)
    return;
  timer = g_timeout_source_new (GENTLE_TICK);
  g_source_set_callback (timer, look_whether_closed, self, NULL);
  g_source_attach (timer, g_main_context_get_thread_default ());
  g_source_unref (timer);
}

void
vm_quic_agent_free (VmQuicAgent *self, gboolean gently)
{
  gint64 now = g_get_monotonic_time ();
  gboolean stopped;

  g_mutex_lock (&self->lock);
  self->closed = TRUE;
  self->gentle_until = gently ? now + GENTLE_TIME : 0;
  self->abandoned = vm_node_thread_is_current (self->thread);
  vm_node_thread_post (self->thread, on_end, self, NULL);
  while (!self->stopped && !self->abandoned)
    self->abandoned =
        !g_cond_wait_until (&self->cond, &self->lock, now + STOP_TIME);
  /* else its own thread frees it */
  stopped = self->stopped;
  g_mutex_unlock (&self->lock);
  if (stopped)
    free_with_thread (self);
}
