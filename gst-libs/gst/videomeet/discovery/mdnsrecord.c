/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "discovery/mdnsrecord.h"

#include <avahi-common/defs.h>
#include <avahi-common/domain.h>
#include <avahi-common/error.h>
#include <string.h>

/* TTLs of RFC 6762 §10 */
#define TTL_HOST 120 /* s; records that name a host */
#define TTL_OTHER 4500 /* s */
#define LABEL_MAX 63 /* bytes; RFC 1035 §2.3.4 */
#define NAME_MAX_BYTES 255 /* RFC 1035 §2.3.4 */
#define CLASS_IN 0x01
#define TYPE_PTR 0x0c
#define TYPE_TXT 0x10
#define TYPE_SRV 0x21

static gboolean
append_label (GByteArray *out, const gchar *label)
{
  guint8 size = MIN (strlen (label), 255);

  if (size == 0 || size > LABEL_MAX)
    return FALSE;
  g_byte_array_append (out, &size, 1);
  g_byte_array_append (out, (const guint8 *) label, size);
  return TRUE;
}

GByteArray *
vm_dns_name (const gchar *label, const gchar *rest)
{
  g_autoptr (GByteArray) out = g_byte_array_new ();
  gchar buffer[LABEL_MAX + 1];
  const guint8 root = 0;

  if (label && !append_label (out, label))
    return NULL;
  while (*rest) {
    if (!avahi_unescape_label (&rest, buffer, sizeof buffer)
        || !append_label (out, buffer))
      return NULL;
  }
  g_byte_array_append (out, &root, 1);
  if (out->len > NAME_MAX_BYTES)
    return NULL;
  return g_steal_pointer (&out);
}

static int
add (AvahiEntryGroup *group, AvahiIfIndex interface, AvahiPublishFlags flags,
    const gchar *name, guint16 type, guint32 ttl, GByteArray *rdata)
{
  return avahi_entry_group_add_record (group, interface, AVAHI_PROTO_UNSPEC,
      flags, name, CLASS_IN, type, ttl, rdata->data, rdata->len);
}

static GByteArray *
srv_rdata (const VmService *service)
{
  GByteArray *target = vm_dns_name (NULL, service->host);
  const guint16 head[] = { g_htons (VM_SRV_PRIORITY), g_htons (VM_SRV_WEIGHT),
    g_htons (service->port) };

  if (target)
    g_byte_array_prepend (target, (const guint8 *) head, sizeof head);
  return target;
}

static GByteArray *
txt_rdata (const VmService *service)
{
  GByteArray *out = g_byte_array_new ();

  for (guint i = 0; service->txt[i]; i++) {
    guint8 size = MIN (strlen (service->txt[i]), 255);

    g_byte_array_append (out, &size, 1);
    g_byte_array_append (out, (const guint8 *) service->txt[i], size);
  }
  return out;
}

int
vm_service_add (AvahiEntryGroup *group, AvahiIfIndex interface,
    const VmService *service, gboolean update)
{
  gchar name[AVAHI_DOMAIN_NAME_MAX];
  g_autofree gchar *type =
      g_strdup_printf ("%s.%s", service->type, service->domain);
  g_autofree gchar *types =
      g_strdup_printf ("_services._dns-sd._udp.%s", service->domain);
  g_autoptr (GByteArray) type_name = vm_dns_name (NULL, type);
  g_autoptr (GByteArray) service_name = vm_dns_name (service->instance, type);
  g_autoptr (GByteArray) srv = srv_rdata (service);
  g_autoptr (GByteArray) txt = txt_rdata (service);
  int error;

  if (!type_name || !service_name || !srv)
    return AVAHI_ERR_INVALID_SERVICE_NAME;
  error = avahi_service_name_join (
      name, sizeof name, service->instance, service->type, service->domain);
  if (error)
    return error;
  if (update)
    return add (group, interface, AVAHI_PUBLISH_UNIQUE | AVAHI_PUBLISH_UPDATE,
        name, TYPE_TXT, TTL_OTHER, txt);
  /* the unique ones first: a collision shows before anything is added */
  error = add (
      group, interface, AVAHI_PUBLISH_UNIQUE, name, TYPE_SRV, TTL_HOST, srv);
  if (!error)
    error = add (
        group, interface, AVAHI_PUBLISH_UNIQUE, name, TYPE_TXT, TTL_OTHER, txt);
  if (!error)
    error = add (group, interface, 0, type, TYPE_PTR, TTL_OTHER, service_name);
  if (!error)
    error = add (group, interface, 0, types, TYPE_PTR, TTL_OTHER, type_name);
  return error;
}
