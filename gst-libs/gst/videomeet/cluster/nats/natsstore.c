/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "base/vmprivatefile.h"
#include "cluster/nats/natssubscriptions.h"

#include <string.h>

typedef enum
{
  GET,
  PUT,
  BEAT,
  LIST,
  STOP,
} Kind;

typedef struct
{
  Kind kind;
  VmClusterBucket bucket;
  guint64 number;
  gchar *key; /* or the node of a beat */
  GBytes *value;
  guint64 revision;
} Request;

struct _VmNatsStore
{
  VmNatsFuncs funcs;
  gpointer user_data;
  natsOptions *options; /* not changed once the threads run */
  GAsyncQueue *requests;
  GThread *asking; /* vm-nats */
  GThread *watching; /* vm-nats-watch */
  VmNatsSubscriptions *subscriptions; /* of vm-nats */
  GMutex lock; /* of what follows */
  GCond woken;
  gboolean stop;
  GHashTable *changes; /* key -> whether to watch it, not yet so */
  gchar **scan; /* a scan that is to be made, or NULL: the nodes that live */
  gint64 made; /* when the bucket of records was made; 0: not known */
  guint64 latest; /* the last revision in it that was heard of */
};

static void
request_free (gpointer data)
{
  Request *request = data;

  g_free (request->key);
  g_clear_pointer (&request->value, g_bytes_unref);
  g_free (request);
}

/* What NATS has at least. */
static void
note_revision (VmNatsStore *self, guint64 revision)
{
  g_mutex_lock (&self->lock);
  self->latest = MAX (self->latest, revision);
  g_mutex_unlock (&self->lock);
}

/* Whether @link found another bucket of records than the one that was known.
 * Either thread may be the first to find it. */
static gboolean
note_bucket (VmNatsStore *self, const VmNatsLink *link)
{
  gboolean other;

  g_mutex_lock (&self->lock);
  other = self->made && self->made != link->made;
  if (other)
    self->latest = 0;
  self->made = link->made;
  g_mutex_unlock (&self->lock);
  return other;
}

static void
on_changed (
    const gchar *key, GBytes *value, guint64 revision, gpointer user_data)
{
  VmNatsStore *self = user_data;

  note_revision (self, revision);
  self->funcs.told (key, value, revision, self->user_data);
}

static void
answer (VmNatsStore *self, VmNatsLink *link, const Request *request)
{
  g_autoptr (GBytes) value = NULL;
  g_auto (GStrv) nodes = NULL;
  VmClusterResult result = VM_CLUSTER_LOST;
  guint64 revision = 0;

  switch (request->kind) {
    case BEAT:
      if (link)
        vm_nats_link_beat (link, request->key);
      return;
    case LIST:
      nodes = link ? vm_nats_link_list (link) : NULL;
      if (nodes)
        self->funcs.nodes ((const gchar *const *) nodes, self->user_data);
      return;
    case GET:
      if (link)
        result = vm_nats_link_get (
            link, request->bucket, request->key, &value, &revision);
      break;
    default:
      if (link)
        result = vm_nats_link_put (link, request->bucket, request->key,
            request->value, request->revision, &revision);
  }
  if (request->bucket == VM_CLUSTER_ROOMS)
    note_revision (self, revision);
  self->funcs.answer (request->bucket, request->number, result, value, revision,
      self->user_data);
}

/* The store is there. */
static void
tell_back (VmNatsStore *self, VmNatsLink *link)
{
  if (self->funcs.young && vm_nats_link_is_young (link))
    self->funcs.young (self->user_data);
  self->funcs.back (self->user_data);
}

/* @link, or another when that is lost; NULL: none, and not tried again at
 * once. */
static VmNatsLink *
keep (VmNatsStore *self, VmNatsLink *link, gint64 *tried)
{
  gint64 now = g_get_monotonic_time ();

  if (link && !vm_nats_link_is_lost (link))
    return link;
  if (link)
    vm_nats_subscriptions_move (self->subscriptions, NULL);
  g_clear_pointer (&link, vm_nats_link_free);
  if (*tried && now - *tried < VM_NATS_RETRY_TIME)
    return NULL;
  link = vm_nats_link_new (self->options, NULL);
  *tried = g_get_monotonic_time ();
  if (!link)
    return NULL;
  note_bucket (self, link);
  vm_nats_subscriptions_move (self->subscriptions, link);
  /* what was changed before is read, what comes from now on is told */
  tell_back (self, link);
  return link;
}

/* Before the next request is made. */
static void
change_subscriptions (VmNatsStore *self)
{
  g_autoptr (GHashTable) changes = NULL;
  GHashTableIter iter;
  gpointer key, watched;

  g_mutex_lock (&self->lock);
  changes = g_steal_pointer (&self->changes);
  self->changes = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  g_mutex_unlock (&self->lock);
  g_hash_table_iter_init (&iter, changes);
  while (g_hash_table_iter_next (&iter, &key, &watched)) {
    if (watched)
      vm_nats_subscriptions_add (self->subscriptions, key);
    else
      vm_nats_subscriptions_remove (self->subscriptions, key);
  }
}

static gpointer
ask (gpointer data)
{
  VmNatsStore *self = data;
  VmNatsLink *link = NULL;
  gint64 tried = 0;
  gboolean stop = FALSE;

  while (!stop) {
    Request *request =
        g_async_queue_timeout_pop (self->requests, VM_NATS_IDLE_TIME);

    stop = request && request->kind == STOP;
    if (!stop)
      link = keep (self, link, &tried);
    change_subscriptions (self);
    if (request && !stop)
      answer (self, link, request);
    g_clear_pointer (&request, request_free);
  }
  vm_nats_subscriptions_move (self->subscriptions, NULL);
  g_clear_pointer (&link, vm_nats_link_free);
  nats_ReleaseThreadMemory ();
  return NULL;
}

/* Whether it is to stop; waits for that, for a scan, or to try again. */
static gboolean
wait_to_stop (VmNatsStore *self, gint64 time, gchar ***scan)
{
  gint64 until = g_get_monotonic_time () + time;
  gboolean stop;

  g_mutex_lock (&self->lock);
  while (!self->stop && !(scan && self->scan)
         && g_cond_wait_until (&self->woken, &self->lock, until))
    ;
  stop = self->stop;
  if (scan)
    *scan = g_steal_pointer (&self->scan);
  g_mutex_unlock (&self->lock);
  return stop;
}

typedef struct
{
  VmNatsStore *self;
  guint n;
} Scan;

static gboolean
on_found (const gchar *key, gpointer user_data)
{
  Scan *scan = user_data;

  scan->self->funcs.found (key, scan->self->user_data);
  return ++scan->n < VM_NATS_FOUND_MAX && !wait_to_stop (scan->self, 0, NULL);
}

/* Once each @time; @last: when it was so. */
static gboolean
is_time (gint64 *last, gint64 time)
{
  gint64 now = g_get_monotonic_time ();

  if (now - *last < time)
    return FALSE;
  *last = now;
  return TRUE;
}

/* Whether what was stored is another, or went back. */
static gboolean
has_gone_back (VmNatsStore *self, VmNatsLink *link)
{
  guint64 latest;
  gboolean back;

  g_mutex_lock (&self->lock);
  latest = self->latest;
  g_mutex_unlock (&self->lock);
  back = vm_nats_link_has_gone_back (link, latest);
  if (!back)
    return FALSE;
  g_mutex_lock (&self->lock);
  self->latest = 0;
  g_mutex_unlock (&self->lock);
  return TRUE;
}

/* Until the connection is lost, or what was stored, or it is to stop; whether
 * what was stored is. */
static gboolean
watch_link (VmNatsStore *self, VmNatsLink *link)
{
  g_auto (GStrv) nodes = NULL;
  gint64 looked = 0;

  do {
    Scan scan = { self, 0 };

    if (nodes)
      vm_nats_link_scan (link, (const gchar *const *) nodes, VM_NATS_SWEEP_AGE,
          on_found, &scan);
    g_clear_pointer (&nodes, g_strfreev);
    if (is_time (&looked, VM_NATS_LOOK_TIME) && has_gone_back (self, link))
      return TRUE;
  } while (!wait_to_stop (self, VM_NATS_IDLE_TIME, &nodes)
           && !vm_nats_link_is_lost (link));
  return FALSE;
}

/* Once each. */
static void
tell_whether_it_waits (VmNatsStore *self, gboolean *waits, const GError *error)
{
  if (*waits == (error != NULL))
    return;
  *waits = error != NULL;
  if (self->funcs.waits)
    self->funcs.waits (error ? error->message : NULL, self->user_data);
}

static gpointer
watch (gpointer data)
{
  VmNatsStore *self = data;
  gboolean waits = FALSE, lost = FALSE;

  do {
    g_autoptr (GError) error = NULL;
    VmNatsLink *link = vm_nats_link_new (self->options, &error);

    tell_whether_it_waits (self, &waits, error);
    if (!link)
      continue;
    /* the bucket is there again, or another one is */
    if (note_bucket (self, link) || lost)
      tell_back (self, link);
    lost = watch_link (self, link);
    vm_nats_link_free (link);
  } while (!wait_to_stop (self, VM_NATS_RETRY_TIME, NULL));
  nats_ReleaseThreadMemory ();
  return NULL;
}

/* TLS is to show that it is the host of the URL, whom @config's authority
 * vouches for. */
static natsStatus
set_tls (natsOptions *options, const VmNatsConfig *config, const gchar *host)
{
  natsStatus status = natsOptions_SetSecure (options, true);

  if (status == NATS_OK && config->ca_file)
    status = natsOptions_LoadCATrustedCertificates (options, config->ca_file);
  if (status == NATS_OK)
    status = natsOptions_SetExpectedHostname (options, host);
  return status;
}

static gboolean
is_private (const gchar *file, gboolean secret, GError **error)
{
  const gchar *fault = NULL;
  struct stat st;

  /* what cannot be read is told by who reads it */
  if (file && stat (file, &st) == 0)
    fault = vm_private_file_fault (&st, secret);
  if (fault)
    g_set_error (error, VM_ERROR, VM_ERROR_BAD_REQUEST,
        "NATS cannot be used so: %s: %s", file, fault);
  return !fault;
}

natsOptions *
vm_nats_options_new (const VmNatsConfig *config, GError **error)
{
  g_autoptr (GUri) uri =
      g_uri_parse (config->url, G_URI_FLAGS_HAS_PASSWORD, NULL);
  const gchar *scheme = uri ? g_uri_get_scheme (uri) : "";
  natsOptions *options = NULL;
  natsStatus status;

  if ((strcmp (scheme, "nats") != 0 && strcmp (scheme, "tls") != 0)
      || !g_uri_get_host (uri) || !*g_uri_get_host (uri)) {
    g_set_error (error, VM_ERROR, VM_ERROR_BAD_REQUEST,
        "A cluster is given as nats://HOST:PORT or tls://HOST:PORT");
    return NULL;
  }
  if (!is_private (config->credentials, TRUE, error)
      || !is_private (config->ca_file, FALSE, error))
    return NULL;
  status = natsOptions_Create (&options);
  if (status == NATS_OK)
    status = natsOptions_SetURL (options, config->url);
  if (status == NATS_OK)
    status = natsOptions_SetTimeout (options, VM_NATS_CONNECT_TIME);
  if (status == NATS_OK)
    status = natsOptions_SetAllowReconnect (options, false);
  /* or each subscription has a thread */
  if (status == NATS_OK)
    status = natsOptions_UseGlobalMessageDelivery (options, true);
  if (status == NATS_OK)
    status = natsOptions_SetName (options, "videomeet");
  if (status == NATS_OK && strcmp (g_uri_get_scheme (uri), "tls") == 0)
    status = set_tls (options, config, g_uri_get_host (uri));
  if (status == NATS_OK && config->credentials)
    status = natsOptions_SetUserCredentialsFromFiles (
        options, config->credentials, NULL);
  if (status == NATS_OK)
    return options;
  natsOptions_Destroy (options);
  g_set_error (error, VM_ERROR, VM_ERROR_BAD_REQUEST,
      "NATS cannot be used so: %s", natsStatus_GetText (status));
  return NULL;
}

gboolean
vm_nats_check (const VmNatsConfig *config, GError **error)
{
  natsOptions *options = vm_nats_options_new (config, error);
  g_autoptr (GError) reason = NULL;
  VmNatsLink *link;

  if (!options)
    return FALSE;
  link = vm_nats_link_new (options, &reason);
  natsOptions_Destroy (options);
  g_clear_pointer (&link, vm_nats_link_free);
  nats_ReleaseThreadMemory ();
  if (!g_error_matches (reason, VM_ERROR, VM_ERROR_NOT_TRUSTED))
    return TRUE;
  g_propagate_error (error, g_steal_pointer (&reason));
  return FALSE;
}

VmNatsStore *
vm_nats_store_new (const VmNatsConfig *config, const VmNatsFuncs *funcs,
    gpointer user_data, GError **error)
{
  natsOptions *options = vm_nats_options_new (config, error);
  VmNatsStore *self;

  if (!options)
    return NULL;
  self = g_new0 (VmNatsStore, 1);
  self->funcs = *funcs;
  self->user_data = user_data;
  self->options = options;
  self->requests = g_async_queue_new_full (request_free);
  self->subscriptions = vm_nats_subscriptions_new (on_changed, self);
  self->changes = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  g_mutex_init (&self->lock);
  g_cond_init (&self->woken);
  self->asking = g_thread_new ("vm-nats", ask, self);
  self->watching = g_thread_new ("vm-nats-watch", watch, self);
  return self;
}

/* @wanted: with what it borrows. */
static void
push (VmNatsStore *self, const Request *wanted)
{
  Request *request;

  if (g_async_queue_length (self->requests) >= VM_NATS_QUEUE_MAX)
    return;
  request = g_memdup2 (wanted, sizeof *wanted);
  request->key = g_strdup (wanted->key);
  if (request->value)
    g_bytes_ref (request->value);
  g_async_queue_push (self->requests, request);
}

void
vm_nats_store_free (VmNatsStore *self)
{
  Request *last = g_new0 (Request, 1);

  last->kind = STOP;
  g_async_queue_push_front (self->requests, last);
  g_mutex_lock (&self->lock);
  self->stop = TRUE;
  g_cond_signal (&self->woken);
  g_mutex_unlock (&self->lock);
  g_thread_join (self->asking);
  g_thread_join (self->watching);
  vm_nats_subscriptions_free (self->subscriptions);
  g_async_queue_unref (self->requests);
  natsOptions_Destroy (self->options);
  g_strfreev (self->scan);
  g_hash_table_unref (self->changes);
  g_mutex_clear (&self->lock);
  g_cond_clear (&self->woken);
  g_free (self);
}

void
vm_nats_store_get (VmNatsStore *self, VmClusterBucket bucket, guint64 request,
    const gchar *key)
{
  push (self, &(Request){ .kind = GET,
                  .bucket = bucket,
                  .number = request,
                  .key = (gchar *) key });
}

void
vm_nats_store_put (VmNatsStore *self, VmClusterBucket bucket, guint64 request,
    const gchar *key, GBytes *value, guint64 revision)
{
  push (self, &(Request){ .kind = PUT,
                  .bucket = bucket,
                  .number = request,
                  .key = (gchar *) key,
                  .value = value,
                  .revision = revision });
}

void
vm_nats_store_beat (VmNatsStore *self, const gchar *node)
{
  push (self, &(Request){ .kind = BEAT, .key = (gchar *) node });
}

void
vm_nats_store_list (VmNatsStore *self)
{
  push (self, &(Request){ .kind = LIST });
}

/* Not in the queue of requests, which may be full: what is not watched would
 * never be told. */
static void
change (VmNatsStore *self, const gchar *key, gboolean watched)
{
  g_mutex_lock (&self->lock);
  g_hash_table_insert (
      self->changes, g_strdup (key), GINT_TO_POINTER (watched));
  g_mutex_unlock (&self->lock);
}

void
vm_nats_store_watch (VmNatsStore *self, const gchar *key)
{
  change (self, key, TRUE);
}

void
vm_nats_store_unwatch (VmNatsStore *self, const gchar *key)
{
  change (self, key, FALSE);
}

void
vm_nats_store_scan (VmNatsStore *self, const gchar *const *nodes)
{
  g_mutex_lock (&self->lock);
  g_strfreev (self->scan);
  self->scan = g_strdupv ((gchar **) nodes);
  g_cond_signal (&self->woken);
  g_mutex_unlock (&self->lock);
}
