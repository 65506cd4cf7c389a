/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The server's life: libwebsockets on a libuv loop of our own, on a thread of
 * its own. The loop is foreign to libwebsockets because its own takes SIGINT,
 * SIGTERM, SIGHUP, SIGSEGV and SIGFPE from the process
 * (architecture.md#threads). */

#include "server/conn.h"
#include "server/hostseat.h"
#include "server/loop/listen.h"
#include "server/loop/lwscontext.h"
#include "server/pairing/pairingservice.h"
#include "server/protocols.h"
#include "server/server-priv.h"
#include "server/servercluster.h"
#include "server/serverconfig.h"
#include "server/serverrooms.h"
#include "server/serverstate.h"
#include "server/socket/ws.h"
#include "server/loop/tick.h"

#define GOODBYE_TIME G_TIME_SPAN_SECOND /* for the last messages to get out */
#define TICK_MS 100

G_DEFINE_FINAL_TYPE (VmServer, vm_server, G_TYPE_OBJECT)

static void
vm_server_finalize (GObject *object)
{
  VmServer *self = VM_SERVER (object);

  vm_server_stop (self);
  g_clear_object (&self->identity);
  g_clear_pointer (&self->info, vm_device_info_free);
  g_clear_pointer (&self->address, g_free);
  for (guint i = 0; self->protocols[i]; i++) {
    if (self->protocols[i]->destroy)
      self->protocols[i]->destroy (self->states[i]);
  }
  g_free (self->states);
  g_ptr_array_unref (self->seats);
  vm_rooms_free (self->rooms);
  vm_refusals_free (self->refusals);
  g_clear_pointer (&self->checks, vm_rates_free);
  g_clear_pointer (&self->known, vm_trust_snapshot_free);
  g_clear_pointer (&self->invites, vm_invites_free);
  g_clear_pointer (&self->approval, vm_approval_page_free);
  g_clear_pointer (&self->pairing, vm_pairing_service_unref);
  g_hash_table_unref (self->askers);
  g_ptr_array_unref (self->unsent);
  g_ptr_array_unref (self->answered);
  g_mutex_clear (&self->lock);
  g_cond_clear (&self->cond);
  G_OBJECT_CLASS (vm_server_parent_class)->finalize (object);
}

static void
vm_server_class_init (VmServerClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = vm_server_finalize;
}

static void
make_states (VmServer *self)
{
  guint n = 0;

  self->protocols = vm_server_protocols;
  while (self->protocols[n])
    n++;
  self->states = g_new0 (gpointer, n);
  for (guint i = 0; i < n; i++) {
    if (self->protocols[i]->create)
      self->states[i] = self->protocols[i]->create (self);
  }
}

static void
vm_server_init (VmServer *self)
{
  g_mutex_init (&self->lock);
  g_cond_init (&self->cond);
  g_queue_init (&self->calls);
  self->info = vm_device_info_new ();
  self->refusals = vm_refusals_new ();
  self->rooms = vm_server_make_rooms (self);
  self->seats = g_ptr_array_new_with_free_func (vm_seat_unref);
  self->checks =
      vm_rates_new (VM_CAPABILITY_CHECK_BURST, VM_CAPABILITY_CHECK_TIME);
  self->askers = g_hash_table_new (g_int64_hash, g_int64_equal);
  self->unsent = g_ptr_array_new ();
  self->answered = g_ptr_array_new ();
  self->policy = VM_POLICY_PIN;
  make_states (self);
  self->times = (VmServerTimes){
    .start = VM_SERVER_CALL_TIME,
    .first_message = VM_FIRST_MESSAGE_TIME,
    .ping = VM_PING_TIME,
    .dead = VM_DEAD_TIME,
    .awaited_ping = VM_AWAITED_PING_TIME,
    .awaited_pong = VM_AWAITED_PONG_TIME,
    .flood = VM_FLOOD_TIME,
    .queue = VM_QUEUE_TIME,
    .request = VM_HTTP_REQUEST_TIME,
    .answer = VM_HTTP_ANSWER_TIME,
    .ring = VM_CALL_RING_TIME,
    .engine_ping = VM_ENGINE_PING_TIME,
    .engine_pong = VM_ENGINE_PONG_TIME,
  };
}

VmServer *
vm_server_new (VmIdentity *identity)
{
  VmServer *self = g_object_new (VM_TYPE_SERVER, NULL);

  self->identity = g_object_ref (identity);
  self->known = vm_trust_snapshot_new (identity);
  self->invites = vm_invites_new (identity, vm_server_random, NULL);
  self->approval = vm_approval_page_new (vm_server_random, NULL);
  return self;
}

static gboolean
are_protocols_busy (VmServer *self)
{
  for (guint i = 0; self->protocols[i]; i++) {
    if (self->protocols[i]->is_busy
        && self->protocols[i]->is_busy (self->states[i]))
      return TRUE;
  }
  return FALSE;
}

/* Stops the loop once nobody is left to be told, or it takes too long. */
static void
finish_stop (VmServer *self, gint64 now)
{
  gboolean done =
      !self->n_ws && !self->answered->len && !are_protocols_busy (self)
      && !(self->cluster && vm_server_cluster_is_busy (self->cluster));

  if (self->stopping && (done || now >= self->stopping))
    uv_stop (&self->loop);
}

static void
on_tick (uv_timer_t *timer)
{
  VmServer *self = timer->data;
  gint64 now = g_get_monotonic_time ();

  if (!self->stopping)
    vm_server_accept (self);
  vm_server_tick (self, now);
  finish_stop (self, now);
}

static void
report_start (VmServer *self, struct lws_context *context)
{
  g_mutex_lock (&self->lock);
  self->context = context;
  self->takes_calls = context != NULL;
  if (!context)
    g_set_error (&self->start_error, VM_ERROR, VM_ERROR_FAILED,
        "The server cannot start: libwebsockets refused its settings");
  self->started = TRUE;
  g_cond_signal (&self->cond);
  g_mutex_unlock (&self->lock);
}

static void
close_protocols (VmServer *self)
{
  for (guint i = 0; self->protocols[i]; i++) {
    if (self->protocols[i]->close)
      self->protocols[i]->close (self->states[i]);
  }
}

static gpointer
net_thread (gpointer data)
{
  VmServer *self = data;
  struct lws_context *context;

  uv_loop_init (&self->loop);
  context = vm_server_create_context (self);
  if (context) {
    uv_timer_init (&self->loop, &self->timer);
    self->timer.data = self;
    uv_timer_start (&self->timer, on_tick, TICK_MS, TICK_MS);
    vm_server_begin_turns (self);
    vm_server_listen (self);
  }
  report_start (self, context);
  vm_server_run_calls (self);
  if (context) {
    uv_run (&self->loop, UV_RUN_DEFAULT);
    g_mutex_lock (&self->lock);
    self->context = NULL;
    self->takes_calls = FALSE;
    g_mutex_unlock (&self->lock);
    vm_server_run_calls (self);
    vm_server_unlisten (self);
    uv_close ((uv_handle_t *) &self->timer, NULL);
    uv_close ((uv_handle_t *) &self->turn, NULL);
    vm_server_destroy_context (self, context);
    close_protocols (self);
  }
  vm_server_drain_loop (self);
  if (uv_loop_close (&self->loop) != 0)
    g_warning ("the server left handles open");

  g_mutex_lock (&self->lock);
  self->stopped = TRUE;
  g_cond_signal (&self->cond);
  g_mutex_unlock (&self->lock);
  return NULL;
}

static gboolean
wait_for (VmServer *self, gboolean *flag, gint64 time)
{
  gint64 end = g_get_monotonic_time () + time;

  while (!*flag) {
    if (!g_cond_wait_until (&self->cond, &self->lock, end))
      return FALSE;
  }
  return TRUE;
}

/* Binds, then serves on vm-net. VM_ERROR_PORT_IN_USE when the port was asked
 * for explicitly, or none is free; VM_ERROR_BAD_REQUEST when what @config says
 * cannot be. */
gboolean
vm_server_start (VmServer *self, const VmServerConfig *config, GError **error)
{
  GError *reason = NULL;
  gboolean started;

  g_return_val_if_fail (!self->thread, FALSE);

  if (!vm_server_take_config (self, config, error)
      || !vm_server_bind (self, config, error)) {
    vm_server_forget_config (self);
    return FALSE;
  }
  self->started = self->stopped = FALSE;
  self->takes_calls = TRUE;
  self->counters = (VmServerCounters){ 0 };
  self->stopping = 0;
  self->draining = FALSE;
  vm_rooms_set_closing (self->rooms, FALSE);
  /* what is revoked is known before anybody can ask */
  if (self->pairing
      && !vm_pairing_service_attach (self->pairing, self, self->times.start)) {
    vm_pairing_service_detach (self->pairing);
    vm_server_forget_config (self);
    g_set_error (error, VM_ERROR, VM_ERROR_TIMEOUT,
        "The trust store could not be read, or not within 5 seconds");
    return FALSE;
  }
  vm_server_load_rooms (self);
  /* what it hears waits for vm-net */
  if (config->cluster)
    self->cluster = vm_server_cluster_new (self, config, error);
  if (self->cluster || !config->cluster)
    self->thread = g_thread_try_new ("vm-net", net_thread, self, error);
  if (!self->thread) {
    vm_server_forget_config (self);
    if (self->pairing)
      vm_pairing_service_detach (self->pairing);
    return FALSE;
  }
  g_mutex_lock (&self->lock);
  started = wait_for (self, &self->started, self->times.start);
  reason = g_steal_pointer (&self->start_error);
  g_mutex_unlock (&self->lock);
  if (started && !reason)
    return TRUE;

  vm_server_stop (self);
  if (!reason)
    g_set_error (&reason, VM_ERROR, VM_ERROR_TIMEOUT,
        "The server did not start within 5 seconds");
  g_propagate_error (error, reason);
  return FALSE;
}

/* Before anybody leaves: what flows between clients needs no server, and one
 * that heard of the others' leaving would end it. */
static void
close_others (VmServer *self)
{
  GHashTableIter iter;
  gpointer key;

  g_hash_table_iter_init (&iter, self->conns);
  while (g_hash_table_iter_next (&iter, &key, NULL)) {
    VmConn *conn = key;

    if (conn->ws)
      vm_ws_close (conn->ws, VM_CLOSE_GOING_AWAY, "stopping", FALSE);
  }
}

static void
drain_on_net (VmServer *self, gpointer data)
{
  self->draining = TRUE;
  vm_rooms_set_closing (self->rooms, TRUE);
}

void
vm_server_drain (VmServer *self)
{
  vm_server_post (self, drain_on_net, NULL, NULL);
}

static void
begin_stop (VmServer *self, gpointer data)
{
  gint64 now = g_get_monotonic_time ();

  self->stopping = now + GOODBYE_TIME;
  /* whoever comes back is for the next one, and not to find the rooms gone */
  vm_server_pause (self);
  drain_on_net (self, NULL);
  vm_server_end_hosted (self);
  close_others (self);
  close_protocols (self);
  vm_server_save_rooms (self);
  vm_rooms_clear_open (self->rooms);
  finish_stop (self, now);
}

void
vm_server_stop (VmServer *self)
{
  gboolean stopped;

  if (!self->thread)
    return;
  if (self->pairing)
    vm_pairing_service_detach (self->pairing);
  vm_server_post (self, begin_stop, NULL, NULL);
  g_mutex_lock (&self->lock);
  stopped = wait_for (self, &self->stopped, VM_SERVER_CALL_TIME);
  g_mutex_unlock (&self->lock);
  if (!stopped) {
    /* a thread that hangs keeps what it uses; nothing else can be done */
    g_warning ("the server did not stop within 5 seconds");
    g_object_ref (self);
    g_clear_pointer (&self->thread, g_thread_unref);
    return;
  }
  g_thread_join (g_steal_pointer (&self->thread));
  vm_server_forget_config (self);
}
