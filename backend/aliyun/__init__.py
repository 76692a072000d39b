"""Cloud mode: ApsaraVideo VOD and Alibaba Cloud CDN. Only `client` knows the SDKs, and imports them when it is used."""
