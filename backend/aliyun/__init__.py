"""Cloud mode: ApsaraVideo VOD and Alibaba Cloud CDN. Only `client` uses their SDKs, and imports them on first use."""
