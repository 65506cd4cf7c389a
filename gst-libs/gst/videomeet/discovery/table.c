/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "discovery/table.h"
#include "discovery/device-priv.h"
#include "discovery/interfaces.h"
#include "discovery/probe.h"
#include "discovery/probebudget.h"

#define REFUSED_MAX 256 /* refusals remembered, so that each is told once */

/* Somebody who may be there, or is. */
typedef struct
{
  VmTable *table;
  gchar *id; /* NULL until announced or seen */
  gchar *key_hash; /* what TLS must show, or NULL */
  guint16 port;
  gboolean plain; /* no TLS */
  gboolean scheme_known; /* announced; else both are tried where allowed */
  GPtrArray *addresses; /* GSocketAddress, the one to probe first */
  VmMethods methods;
  VmDeviceInfo *hint; /* last announced, or NULL */
  VmDevice *device; /* as it last answered; NULL: unconfirmed */
  guint misses;
  guint hurry; /* probes left at VM_PROBE_HURRY */
  gboolean again; /* a hint came while a probe was out */
  gint64 probed; /* µs, monotonic: when the last probe began */
  GSource *timer;
  GCancellable *probing;
} Entry;

struct _VmTable
{
  VmHttpClient *client;
  VmTableConfig config;
  VmTableEvents events;
  gpointer user_data;
  GPtrArray *entries;
  VmProbeBudget *budget;
  GHashTable *refused; /* address and id of refusals already told */
};

static void probe_soon (Entry *entry);
static void probe_now (Entry *entry);

static void
entry_free (Entry *entry)
{
  vm_timer_clear (&entry->timer);
  if (entry->probing)
    g_cancellable_cancel (entry->probing);
  g_clear_object (&entry->probing);
  g_clear_object (&entry->device);
  vm_device_info_free (entry->hint);
  g_ptr_array_unref (entry->addresses);
  g_free (entry->id);
  g_free (entry->key_hash);
  g_free (entry);
}

VmTable *
vm_table_new (VmHttpClient *client, const VmTableConfig *config,
    const VmTableEvents *events, gpointer user_data)
{
  VmTable *self = g_new0 (VmTable, 1);

  self->client = g_object_ref (client);
  self->config = *config;
  self->config.own_id = g_strdup (config->own_id);
  self->events = *events;
  self->user_data = user_data;
  self->entries = g_ptr_array_new_with_free_func ((GDestroyNotify) entry_free);
  self->budget = vm_probe_budget_new ();
  self->refused = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  return self;
}

void
vm_table_free (VmTable *self)
{
  if (!self)
    return;
  g_ptr_array_unref (self->entries);
  vm_probe_budget_free (self->budget);
  g_hash_table_unref (self->refused);
  g_object_unref (self->client);
  g_free (self->config.own_id);
  g_free (self);
}

void
vm_table_set_own_port (VmTable *self, guint16 port)
{
  self->config.own_port = port;
}

static void
drop (Entry *entry)
{
  VmTable *self = entry->table;
  g_autoptr (VmDevice) device = g_steal_pointer (&entry->device);

  g_ptr_array_remove (self->entries, entry);
  if (device)
    self->events.removed (self->user_data, device);
}

void
vm_table_clear (VmTable *self)
{
  while (self->entries->len)
    drop (self->entries->pdata[self->entries->len - 1]);
}

guint
vm_table_size (VmTable *self)
{
  guint n = 0;

  for (guint i = 0; i < self->entries->len; i++)
    n += ((Entry *) self->entries->pdata[i])->device != NULL;
  return n;
}

guint
vm_table_pending (VmTable *self)
{
  return self->entries->len - vm_table_size (self);
}

static Entry *
find_id (VmTable *self, const gchar *id, guint16 port)
{
  for (guint i = 0; id && i < self->entries->len; i++) {
    Entry *entry = self->entries->pdata[i];

    if (entry->port == port && !g_strcmp0 (entry->id, id))
      return entry;
  }
  return NULL;
}

static gint
find_address (Entry *entry, GSocketAddress *address)
{
  for (guint i = 0; i < entry->addresses->len; i++) {
    if (vm_address_equal (entry->addresses->pdata[i], address))
      return i;
  }
  return -1;
}

/* For hints that carry no id. */
static Entry *
find_at (VmTable *self, GSocketAddress *address)
{
  for (guint i = 0; i < self->entries->len; i++) {
    Entry *entry = self->entries->pdata[i];

    if (find_address (entry, address) >= 0)
      return entry;
  }
  return NULL;
}

/* IPv4 first, link-local last: what works with most programs a link is given
 * to. */
static guint
rank (GSocketAddress *address)
{
  GInetAddress *inet =
      g_inet_socket_address_get_address (G_INET_SOCKET_ADDRESS (address));

  return vm_address_rank (inet);
}

static void
add_address (Entry *entry, GSocketAddress *address)
{
  guint at;

  if (find_address (entry, address) >= 0
      || entry->addresses->len >= VM_TABLE_ADDRESSES_MAX)
    return;
  /* the first place belongs to the address that answers */
  at = entry->device ? 1 : 0;
  while (at < entry->addresses->len
         && rank (entry->addresses->pdata[at]) <= rank (address))
    at++;
  g_ptr_array_insert (entry->addresses, at, g_object_ref (address));
}

static void
add_addresses (Entry *to, Entry *from)
{
  for (guint i = 0; i < from->addresses->len; i++)
    add_address (to, from->addresses->pdata[i]);
  to->methods |= from->methods;
}

/* The address at the head has answered, or was never asked. */
static void
clear_budget (Entry *entry)
{
  g_autofree gchar *text = vm_address_to_string (entry->addresses->pdata[0]);

  vm_probe_budget_clear (entry->table->budget, text, entry->port);
}

/* One unconfirmed hint makes room for another, a device never does: a flood
 * of announcements cannot push out who is really there. */
static gboolean
make_room (VmTable *self)
{
  Entry *worst = NULL;

  if (self->entries->len < VM_TABLE_MAX)
    return TRUE;
  for (guint i = 0; i < self->entries->len; i++) {
    Entry *entry = self->entries->pdata[i];

    if (!entry->device && (!worst || entry->misses > worst->misses))
      worst = entry;
  }
  if (!worst)
    return FALSE;
  /* it may come again: nothing was sent there */
  if (!worst->probed)
    clear_budget (worst);
  drop (worst);
  return TRUE;
}

static Entry *
add_entry (VmTable *self, GSocketAddress *address, const VmDeviceInfo *info)
{
  Entry *entry;

  if (!make_room (self))
    return NULL;
  entry = g_new0 (Entry, 1);
  entry->table = self;
  entry->port =
      g_inet_socket_address_get_port (G_INET_SOCKET_ADDRESS (address));
  entry->addresses = g_ptr_array_new_with_free_func (g_object_unref);
  if (info) {
    entry->id = g_strdup (info->device_id);
    entry->key_hash = g_strdup (info->key_hash);
    entry->plain = !info->secure;
    entry->scheme_known = TRUE;
  }
  g_ptr_array_add (self->entries, entry);
  return entry;
}

/* Probes of a device that has answered, and those that the user asks for, are
 * not counted. */
static gboolean
is_counted (const Entry *entry, VmMethods methods)
{
  return !(methods & VM_METHODS_MANUAL) && !(entry && entry->device);
}

static gboolean
admit (VmTable *self, GSocketAddress *address, guint16 port)
{
  g_autofree gchar *text = vm_address_to_string (address);

  return vm_probe_budget_admit (
      self->budget, text, port, g_get_monotonic_time ());
}

static gboolean
is_own (VmTable *self, const gchar *id, guint16 port)
{
  return id && self->config.own_id && port == self->config.own_port
         && g_str_equal (id, self->config.own_id);
}

void
vm_table_found (VmTable *self, VmMethods method, GSocketAddress *address,
    const VmDeviceInfo *info)
{
  guint16 port =
      g_inet_socket_address_get_port (G_INET_SOCKET_ADDRESS (address));
  Entry *entry = NULL;
  gboolean news;

  if (info && is_own (self, info->device_id, port))
    return;
  if (info && info->device_id)
    entry = find_id (self, info->device_id, port);
  if (!entry) {
    entry = find_at (self, address);
    /* the address has another tenant: the old one's next probe will tell */
    if (entry && info && info->device_id && entry->id)
      entry = NULL;
  }
  if ((!entry || find_address (entry, address) < 0)
      && is_counted (entry, method) && !admit (self, address, port))
    return;
  if (!entry)
    entry = add_entry (self, address, info);
  if (!entry)
    return;
  add_address (entry, address);
  entry->methods |= method;
  news = info && (!entry->hint || !vm_device_info_equal (entry->hint, info));
  if (news) {
    vm_device_info_free (entry->hint);
    entry->hint = vm_device_info_copy (info);
    if (!entry->id && info->device_id) {
      entry->id = g_strdup (info->device_id);
      entry->key_hash = g_strdup (info->key_hash);
    }
    /* never the other way: a forged hint must not talk TLS away */
    if (info->secure && !entry->device)
      entry->plain = FALSE;
  }
  if (!entry->device || news)
    probe_soon (entry);
}

void
vm_table_gone (VmTable *self, GSocketAddress *address, const VmDeviceInfo *info)
{
  guint16 port =
      g_inet_socket_address_get_port (G_INET_SOCKET_ADDRESS (address));
  Entry *entry =
      info && info->device_id ? find_id (self, info->device_id, port) : NULL;

  if (!entry)
    entry = find_at (self, address);
  if (!entry || !entry->device)
    return;
  /* it says bye before it closes its server: one answer is no sign of life */
  entry->hurry = 2 * VM_PROBE_MISSES;
  probe_soon (entry);
}

static gboolean
on_timer (gpointer user_data)
{
  Entry *entry = user_data;

  vm_timer_clear (&entry->timer);
  probe_now (entry);
  return G_SOURCE_REMOVE;
}

static void
schedule (Entry *entry, guint ms)
{
  vm_timer_clear (&entry->timer);
  if (entry->again || entry->hurry)
    ms = MIN (ms, VM_PROBE_HURRY);
  entry->again = FALSE;
  if (entry->hurry)
    entry->hurry--;
  entry->timer = vm_timer_new (NULL, ms, on_timer, entry);
}

static void
warn_refused (Entry *entry, GSocketAddress *address, const GError *error)
{
  VmTable *self = entry->table;
  g_autofree gchar *text = vm_address_to_string (address);
  gchar *key = g_strdup_printf ("%s %u %s", text, entry->port, entry->id);

  if (g_hash_table_contains (self->refused, key)
      || g_hash_table_size (self->refused) >= REFUSED_MAX) {
    g_free (key);
    return;
  }
  g_hash_table_add (self->refused, key);
  self->events.warning (self->user_data, entry->methods, error->message);
}

/* The address at the head did not answer. */
static void
miss (Entry *entry, const GError *error)
{
  guint limit = VM_PROBE_MISSES;

  g_debug ("no answer to a probe: %s", error->message);
  if (g_error_matches (error, VM_ERROR, VM_ERROR_WRONG_KEY)) {
    g_autoptr (GSocketAddress) address =
        g_object_ref (entry->addresses->pdata[0]);

    clear_budget (entry);
    /* somebody else is there: that says nothing about the device itself */
    g_ptr_array_remove_index (entry->addresses, 0);
    warn_refused (entry, address, error);
    if (entry->addresses->len == 0)
      drop (entry);
    else
      schedule (entry, VM_PROBE_HURRY);
    return;
  }
  entry->misses++;
  if (!entry->device) {
    if (!entry->scheme_known)
      entry->plain = !entry->plain;
    limit = MAX (limit, entry->addresses->len);
  }
  if (entry->misses >= limit) {
    drop (entry);
    return;
  }
  g_ptr_array_add (
      entry->addresses, g_ptr_array_steal_index (entry->addresses, 0));
  schedule (entry, VM_PROBE_RETRY);
}

static void
confirm (Entry *entry, VmDeviceInfo *info)
{
  VmTable *self = entry->table;
  Entry *known;
  g_autoptr (VmDevice) now = NULL;
  g_autoptr (VmDevice) before = NULL;

  clear_budget (entry);
  if (is_own (self, info->device_id, entry->port)) {
    drop (entry);
    return;
  }
  known = find_id (self, info->device_id, entry->port);
  if (known && known != entry) {
    add_addresses (known, entry);
    drop (entry);
    probe_soon (known);
    return;
  }
  if (!entry->id)
    entry->id = g_strdup (info->device_id);
  if (!entry->key_hash && !entry->plain)
    entry->key_hash = g_strdup (info->key_hash);
  entry->scheme_known = TRUE;
  entry->misses = 0;
  schedule (entry, VM_PROBE_INTERVAL);
  now = vm_device_new (info, entry->addresses, entry->methods);
  before = g_steal_pointer (&entry->device);
  entry->device = g_object_ref (now);
  /* last: the one told may well clear the table */
  if (!before)
    self->events.added (self->user_data, now);
  else if (!vm_device_equal (before, now))
    self->events.changed (self->user_data, now);
}

static void
on_probed (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Entry *entry;
  g_autoptr (GError) error = NULL;
  g_autoptr (VmDeviceInfo) info =
      vm_probe_finish (VM_HTTP_CLIENT (source), result, &error);

  /* then the entry is gone; no error alone says so */
  if (g_cancellable_is_cancelled (g_task_get_cancellable (G_TASK (result))))
    return;
  entry = user_data;
  g_clear_object (&entry->probing);
  if (info)
    confirm (entry, info);
  else
    miss (entry, error);
}

/* Whether an answer without TLS would be believed: it proves no key, so only
 * this machine's own, or by the user's request. */
static gboolean
plain_allowed (Entry *entry)
{
  return entry->table->config.insecure
         || vm_address_is_loopback (entry->addresses->pdata[0]);
}

static void
probe_now (Entry *entry)
{
  VmTable *self = entry->table;
  gint64 now = g_get_monotonic_time ();
  VmProbe probe;

  if (is_counted (entry, entry->methods)
      && !vm_probe_budget_spend (self->budget, now)) {
    /* not put off by hints that come meanwhile */
    if (!entry->timer)
      entry->timer = vm_timer_new (NULL, VM_PROBE_RETRY, on_timer, entry);
    return;
  }
  vm_timer_clear (&entry->timer);
  entry->probed = now;
  if (entry->plain && !plain_allowed (entry)) {
    if (entry->scheme_known) {
      g_autoptr (GError) error = g_error_new (VM_ERROR, VM_ERROR_NOT_TRUSTED,
          "a device speaks plain HTTP, which proves no key; "
          "insecure=true would list it");

      miss (entry, error);
      return;
    }
    entry->plain = FALSE;
  }
  entry->probing = g_cancellable_new ();
  probe.address = entry->addresses->pdata[0];
  probe.plain = entry->plain;
  probe.device_id = entry->id;
  probe.key_hash = entry->key_hash;
  probe.timeout_ms = self->config.timeout_ms;
  vm_probe_async (self->client, &probe, entry->probing, on_probed, entry);
}

/* At once, but no more often than every VM_PROBE_HURRY: whoever floods the
 * network with hints does not make this device flood another. */
static void
probe_soon (Entry *entry)
{
  gint64 since = g_get_monotonic_time () - entry->probed;

  if (entry->probing) {
    entry->again = TRUE;
  } else if (entry->probed && since < VM_PROBE_HURRY * 1000) {
    vm_timer_clear (&entry->timer);
    entry->timer =
        vm_timer_new (NULL, VM_PROBE_HURRY - since / 1000, on_timer, entry);
  } else {
    probe_now (entry);
  }
}
